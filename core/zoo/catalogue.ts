import { LatheError } from "../base/error.ts";
import type { ZooNet } from "./define.ts";
import { cifarResNets } from "./resnetCifar.ts";

/** All nets of the zoo, family by family. */
export const ZOO: readonly ZooNet[] = [...cifarResNets];

/** @throws not-found with the names there are */
export function findNet(id: string): ZooNet {
  const found = ZOO.find((net) => net.info.id === id);
  if (found !== undefined) return found;
  throw new LatheError("not-found", `The zoo has no net "${id}".`, {
    hint: `Nets: ${ZOO.map((net) => net.info.id).join(", ")}.`,
  });
}
