import { LatheError } from "../base/error.ts";
import { berts } from "./bert.ts";
import type { ZooNet } from "./define.ts";
import { dsCnns } from "./dsCnn.ts";
import { efficientNets } from "./efficientnet.ts";
import { lstm } from "./lstm.ts";
import { mobileNetV1 } from "./mobilenetV1.ts";
import { mobileNetV2 } from "./mobilenetV2.ts";
import { mobileNetsV3 } from "./mobilenetV3.ts";
import { resNets } from "./resnet.ts";
import { cifarResNets } from "./resnetCifar.ts";
import { shuffleNetsV2 } from "./shufflenetV2.ts";
import { staged } from "./staged.ts";
import { squeezeNets } from "./squeezenet.ts";
import { unet } from "./unet.ts";
import { vggs } from "./vgg.ts";
import { visionTransformers } from "./vit.ts";

/** All nets of the zoo, family by family. */
export const ZOO: readonly ZooNet[] = [
  ...cifarResNets,
  ...resNets,
  mobileNetV1,
  mobileNetV2,
  ...mobileNetsV3,
  ...efficientNets,
  ...squeezeNets,
  ...shuffleNetsV2,
  ...vggs,
  ...dsCnns,
  staged,
  ...visionTransformers,
  ...berts,
  unet,
  lstm,
];

/** @throws not-found with the names there are */
export function findNet(id: string): ZooNet {
  const found = ZOO.find((net) => net.info.id === id);
  if (found !== undefined) return found;
  throw new LatheError("not-found", `The zoo has no net "${id}".`, {
    hint: `Nets: ${ZOO.map((net) => net.info.id).join(", ")}.`,
  });
}
