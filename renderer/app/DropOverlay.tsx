import { useEffect, useState, type ReactElement } from "react";
import { Glyph } from "../kit/Glyph.tsx";
import { toast } from "../kit/toast.ts";
import { useDrop } from "./drop.ts";

export interface DropOverlayProps {
  /** The project that is open in the window. */
  readonly project: string | undefined;
}

/** Takes files that are dropped anywhere in the window, and says beforehand what will become of them. */
export function DropOverlay({ project }: DropOverlayProps): ReactElement | null {
  const drop = useDrop(project);
  const [over, setOver] = useState<readonly string[]>();
  useEffect(() => {
    const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") === true;
    const hover = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      // Otherwise the page would make way for the file.
      event.preventDefault();
      const kinds = Array.from(event.dataTransfer?.items ?? [], (item) => item.type);
      setOver((before) => (before?.join() === kinds.join() ? before : kinds));
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver(undefined);
    };
    const take = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(undefined);
      if (drop !== undefined) drop([...(event.dataTransfer?.files ?? [])]);
      else void toast("A browser does not tell where files lie. Open or import them with the buttons.");
    };
    window.addEventListener("dragover", hover);
    window.addEventListener("dragleave", leave);
    window.addEventListener("drop", take);
    return () => {
      window.removeEventListener("dragover", hover);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("drop", take);
    };
  }, [drop]);
  if (over === undefined) return null;
  const { title, text } = offerOf({ kinds: over, hasProject: project !== undefined, canDrop: drop !== undefined });
  return (
    <div className="drop-overlay" role="status">
      <div className="drop-card">
        <Glyph icon="import" size={32} />
        <strong>{title}</strong>
        <span>{text}</span>
      </div>
    </div>
  );
}

export interface Dragged {
  /** MIME types, as far as the system tells them before the drop; names it does not. */
  readonly kinds: readonly string[];
  readonly hasProject: boolean;
  readonly canDrop: boolean;
}

/** What letting go would do. */
export function offerOf({ kinds, hasProject, canDrop }: Dragged): { readonly title: string; readonly text: string } {
  if (!canDrop) {
    return {
      title: "Files cannot be dropped into a browser",
      text: "It does not tell where they lie. Use Open and Import.",
    };
  }
  if (!hasProject) return { title: "Let go to open the project", text: "A folder that Lathe made before." };
  if (kinds.length > 0 && kinds.every((kind) => /csv|tab-separated|npz|zip/.test(kind)))
    return { title: "Let go to import data", text: "A .csv, .tsv or .npz file becomes a data set of this project." };
  return {
    title: "Let go to bring it into this project",
    text: "An .onnx file becomes a variant; a folder, .npy, .npz or .csv a data set. A project’s folder is opened.",
  };
}
