import { InputGroup } from "@blueprintjs/core";
import { useDeferredValue, useEffect, useRef, useState, type KeyboardEvent, type ReactElement } from "react";
import type { FoundParts } from "../../../core/contract/modelView.ts";
import { useCommand } from "../../kit/commands.ts";
import { useFoundParts, type Looking } from "./queries.ts";

type Found = FoundParts["found"][number];

export interface FindBoxProps {
  readonly looking: Looking;
  readonly onFound: (part: Found) => void;
}

/** Finds parts by name, operator, tensor or shape; arrows go through what was found, Enter goes there. */
export function FindBox({ looking, onFound }: FindBoxProps): ReactElement {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const [isOpen, setOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const { data, failure } = useFoundParts(looking, useDeferredValue(text));
  useCommand("model.find", () => {
    input.current?.focus();
    input.current?.select();
  });
  const found = text.trim() === "" ? [] : (data?.found ?? []);
  const isShown = isOpen && text.trim() !== "";
  useEffect(() => setAt(0), [text]);
  useEffect(() => {
    // In newer browsers it gives something back, which is nothing for React to call.
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [at]);
  const choose = (part: Found): void => {
    setOpen(false);
    onFound(part);
  };
  const press = (event: KeyboardEvent): void => {
    const hit = found[at];
    if (event.key === "ArrowDown") setAt((i) => Math.min(found.length - 1, i + 1));
    else if (event.key === "ArrowUp") setAt((i) => Math.max(0, i - 1));
    else if (event.key === "Enter" && hit !== undefined) choose(hit);
    else if (event.key === "Escape") setOpen(false);
    else return;
    event.preventDefault();
  };
  return (
    <div className="find" onBlur={(event) => event.currentTarget.contains(event.relatedTarget) || setOpen(false)}>
      <InputGroup
        inputRef={input}
        leftIcon="search"
        placeholder="Find op, name, tensor, shape"
        aria-label="Find in the model"
        role="combobox"
        aria-expanded={isShown}
        aria-controls="model-found"
        aria-autocomplete="list"
        aria-activedescendant={isShown && found.length > 0 ? `model-found-${at}` : undefined}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setOpen(true);
        }}
        onFocus={() => setOpen(true)}
        onKeyDown={press}
      />
      <ul
        className="find-list plain-list"
        id="model-found"
        role="listbox"
        aria-label="Found"
        ref={list}
        hidden={!isShown || found.length === 0}
      >
        {found.map((part, i) => (
          <li
            key={part.id}
            id={`model-found-${i}`}
            role="option"
            aria-selected={i === at}
            className="find-row"
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => choose(part)}
          >
            <strong>{part.op}</strong> {part.label}
            <span className="muted"> {part.because}</span>
          </li>
        ))}
      </ul>
      <span className="find-count muted" role="status">
        {isShown &&
          (failure?.message ?? (data === undefined ? "" : data.total === 0 ? "Nothing found" : `${data.total} found`))}
      </span>
    </div>
  );
}
