import { Checkbox, FormGroup, HTMLSelect, InputGroup } from "@blueprintjs/core";
import { useState, type ReactElement } from "react";
import { PRESET_NAMES, type PresetName } from "../../../core/contract/presetNames.ts";
import type { DataView } from "../../../core/contract/views.ts";
import { useEngine } from "../../client/engine.ts";
import { toast } from "../../kit/toast.ts";
import { useWork } from "../../parts/useWork.ts";
import { WorkBar } from "../../parts/WorkBar.tsx";
import type { ImportDialogProps } from "./ImportModelDialog.tsx";
import { FormDialog } from "../../parts/FormDialog.tsx";
import { ImportedDialog } from "./ImportedDialog.tsx";

/** Asks how a data set comes in. What it does not ask for follows from the data and the baseline. */
export function ImportDataDialog({ project, chosen, onClose }: ImportDialogProps): ReactElement {
  const { client } = useEngine();
  const [name, setName] = useState(chosen.name.replace(/\.(npy|npz|csv|tsv)$/i, ""));
  const [calibration, setCalibration] = useState("512");
  const [preprocessing, setPreprocessing] = useState<PresetName | "">("");
  const [skip, setSkip] = useState(false);
  const [imported, setImported] = useState<DataView["data"]>();
  const work = useWork<DataView & { reasons: string[] }>();
  const samples = Number(calibration);
  const isWrong = !Number.isInteger(samples) || samples < 0 || calibration.trim() === "";
  const start = async (): Promise<void> => {
    const made = await work.start((signal) =>
      client.data.import(
        {
          project,
          place: chosen.place,
          name: name.trim(),
          ...(preprocessing !== "" && { preprocessing }),
          ...(samples !== 512 && { splits: { calibration: samples } }),
          unreadable: skip ? "skip" : "stop",
        },
        { signal },
      ),
    );
    if (made === undefined) return;
    const by = made.data.preparation?.by;
    if (by === "trial" || by === "guess") setImported(made.data);
    else onClose();
    await toast(`Imported ${made.data.name}: ${made.data.info.count.toLocaleString("en-US")} samples.`, {
      tone: "good",
    });
  };
  if (imported?.preparation !== undefined)
    return <ImportedDialog project={project} data={imported} preparation={imported.preparation} onClose={onClose} />;
  return (
    <FormDialog
      title="Import data"
      action="Import"
      onSubmit={start}
      onClose={onClose}
      isReady={name.trim() !== "" && !isWrong}
      isBusy={work.state.isRunning}
      isLasting
    >
      <p>
        <strong>{chosen.name}</strong>
        <br />
        <span className="muted">The samples stay where they are.</span>
      </p>
      <FormGroup label="Name of the data set" labelFor="data-name">
        <InputGroup
          id="data-name"
          autoFocus
          value={name}
          disabled={work.state.isRunning}
          onChange={(event) => setName(event.currentTarget.value)}
        />
      </FormGroup>
      <FormGroup
        label="Preparation"
        labelFor="data-preparation"
        helperText={
          preprocessing === ""
            ? "As the model’s metadata say; else several are tried on samples with labels, never on test."
            : "Nothing else is tried."
        }
      >
        <HTMLSelect
          id="data-preparation"
          fill
          value={preprocessing}
          disabled={work.state.isRunning}
          options={[{ value: "", label: "Find out" }, ...PRESET_NAMES.map((value) => ({ value, label: value }))]}
          onChange={(event) => {
            const { value } = event.currentTarget;
            setPreprocessing(PRESET_NAMES.find((known) => known === value) ?? "");
          }}
        />
      </FormGroup>
      <FormGroup
        label="Calibration samples"
        labelFor="data-calibration"
        helperText={isWrong ? "Enter a whole number." : "Drawn from the train split, never from test."}
        intent={isWrong ? "danger" : "none"}
      >
        <InputGroup
          id="data-calibration"
          inputMode="numeric"
          value={calibration}
          disabled={work.state.isRunning}
          onChange={(event) => setCalibration(event.currentTarget.value)}
        />
      </FormGroup>
      <Checkbox
        label="Leave out samples that cannot be read, instead of stopping"
        checked={skip}
        disabled={work.state.isRunning}
        onChange={(event) => setSkip(event.currentTarget.checked)}
      />
      <WorkBar state={work.state} what="Importing the data" onCancel={work.cancel} />
    </FormDialog>
  );
}
