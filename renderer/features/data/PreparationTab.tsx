import { Button } from "@blueprintjs/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type ReactElement } from "react";
import type { Failure } from "../../../core/contract/failure.ts";
import type { DataSummary } from "../../../core/contract/samples.ts";
import { useEngine } from "../../client/engine.ts";
import { failureOf } from "../../client/failure.ts";
import { keys } from "../../client/keys.ts";
import { Refusal } from "../../kit/states.tsx";
import { toast } from "../../kit/toast.ts";
import { PreparationView } from "../../parts/PreparationView.tsx";
import type { DataName } from "./queries.ts";

export interface PreparationTabProps {
  readonly name: DataName;
  readonly summary: DataSummary;
  readonly canWrite: boolean;
}

/** How samples become the model's input, why, and what else was tried. */
export function PreparationTab({ name, summary, canWrite }: PreparationTabProps): ReactElement {
  const { client } = useEngine();
  const queries = useQueryClient();
  const { preparation } = summary.data;
  const taken = preparation?.trial?.taken ?? "";
  const [marked, setMarked] = useState<string>();
  const [failure, setFailure] = useState<Failure>();
  const [isBusy, setBusy] = useState(false);
  const chosen = marked ?? taken;
  const take = async (): Promise<void> => {
    setBusy(true);
    try {
      setFailure(undefined);
      await client.data.takePreparation({ ...name, name: chosen });
      await queries.invalidateQueries({ queryKey: keys.project(name.project) });
      setMarked(undefined);
      await toast(`Samples are prepared as “${chosen}” from now on.`, { tone: "good" });
    } catch (thrown) {
      setFailure(failureOf(thrown));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      className="preparation-tab"
      aria-label="Preparation"
      onSubmit={(event) => {
        event.preventDefault();
        void take();
      }}
    >
      <section className="card" aria-labelledby="steps-title">
        <h2 id="steps-title">What is done to each sample</h2>
        <ol className="preparation-steps">
          {summary.steps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
      </section>
      <section className="card" aria-labelledby="why-title">
        <h2 id="why-title">Why</h2>
        {preparation === undefined ? (
          <p className="muted">This project was made before Lathe kept the reasons.</p>
        ) : (
          <PreparationView
            preparation={preparation}
            chosen={chosen}
            onChoose={setMarked}
            isDisabled={!canWrite || isBusy}
          />
        )}
        {preparation?.trial !== undefined && (
          <Button
            type="submit"
            intent="primary"
            text="Use this preparation"
            loading={isBusy}
            disabled={!canWrite || chosen === taken}
          />
        )}
        {failure !== undefined && <Refusal failure={failure} />}
      </section>
    </form>
  );
}
