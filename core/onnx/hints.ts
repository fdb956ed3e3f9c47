export const EXPORT_AGAIN = "The exporter wrote a broken model; export it again.";
export const DAMAGED = "The file is damaged; download or export it again.";
