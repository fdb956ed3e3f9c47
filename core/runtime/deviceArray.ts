import type { Tensor } from "./ort.ts";

/** An array in the memory of a device. Whoever holds it disposes of it. */
export class DeviceArray {
  readonly tensor: Tensor;

  constructor(tensor: Tensor) {
    this.tensor = tensor;
  }

  dispose(): void {
    this.tensor.dispose();
  }
}

/** Arrays of one run: those that came to the host, and those that stayed on the device. */
export interface SplitArrays<T> {
  readonly arrays: Readonly<Record<string, T>>;
  readonly held: Readonly<Record<string, DeviceArray>>;
}
