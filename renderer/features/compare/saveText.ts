export interface NamedText {
  readonly name: string;
  readonly type: string;
  readonly text: string;
}

/** Hands a text to the browser to be saved as a file. */
export function saveText({ name, type, text }: NamedText): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
