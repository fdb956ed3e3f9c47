import { TextArea } from "@blueprintjs/core";
import { useEffect, useState, type ReactElement } from "react";
import { useEngine } from "../../client/engine.ts";
import { failureOf } from "../../client/failure.ts";

export interface NotesProps {
  readonly project: string;
  readonly saved: string;
  readonly canWrite: boolean;
}

/** Milliseconds after the last stroke. */
const PAUSE = 600;

/** The project's notes, kept as notes.md in its folder. */
export function Notes({ project, saved, canWrite }: NotesProps): ReactElement {
  const { client } = useEngine();
  const [text, setText] = useState(saved);
  const [kept, setKept] = useState(saved);
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    if (text === kept) return;
    const timer = setTimeout(() => {
      client.overview.saveNotes({ project, notes: text }).then(
        () => {
          setKept(text);
          setProblem(undefined);
        },
        (thrown: unknown) => setProblem(failureOf(thrown).message),
      );
    }, PAUSE);
    return () => clearTimeout(timer);
  }, [client, project, text, kept]);
  return (
    <section aria-labelledby="notes-title">
      <div className="section-head">
        <h2 id="notes-title">Notes</h2>
        <span className={problem === undefined ? "muted" : "tone-bad"} role="status">
          {problem ?? (text === kept ? (text === "" ? "" : "Saved") : "Saving…")}
        </span>
      </div>
      <TextArea
        fill
        autoResize
        className="notes"
        aria-labelledby="notes-title"
        placeholder={canWrite ? "What you tried, and what you think of it" : ""}
        readOnly={!canWrite}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
    </section>
  );
}
