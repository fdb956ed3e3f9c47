import { z } from "zod";
import { kept, listOf, namedOp, speedGate } from "../findingParts.ts";

/** What a run found out. */
export const findings = z.object({ gate: speedGate, layers: listOf(namedOp), kept, folded: z.int() });
export type Findings = z.output<typeof findings>;
