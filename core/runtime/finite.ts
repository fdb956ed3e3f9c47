import { type NdArray, toFloat32 } from "../base/array.ts";
import { LatheError } from "../base/error.ts";

const FLOATS: ReadonlySet<string> = new Set(["float16", "float32", "float64", "bfloat16"]);

/**
 * Refuses NaN and infinities.
 * @throws numeric naming the output and the first bad element. `where` says which model or batch.
 */
export function checkFinite(outputs: Readonly<Record<string, NdArray>>, where: string): void {
  for (const [name, output] of Object.entries(outputs)) {
    if (!FLOATS.has(output.type)) continue;
    const data = output.data instanceof Float64Array ? output.data : toFloat32(output);
    for (let i = 0; i < data.length; i++) {
      if (Number.isFinite(data[i])) continue;
      throw new LatheError(
        "numeric",
        `${where}: output "${name}" holds "${String(data[i])}" at index ${i} of shape [${output.dims.join(",")}].`,
        {
          hint: "Check the preprocessing and the model's weights; float16 overflows above 65504.",
          details: { output: name, index: i },
        },
      );
    }
  }
}
