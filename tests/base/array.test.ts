import { describe, expect, it } from "vitest";
import { arrayBytes, arrayFromBytes, float32, toFloat32 } from "../../core/base/array.ts";

describe("arrays", () => {
  it("view bytes where they are aligned and copy where they are not", () => {
    const bytes = new Uint8Array(12);
    new DataView(bytes.buffer).setFloat32(4, 1.5, true);
    expect(arrayFromBytes("float32", [2], bytes.subarray(4)).data).toEqual(Float32Array.of(1.5, 0));
    expect(arrayFromBytes("float32", [2], bytes.subarray(4)).data).toHaveProperty("buffer", bytes.buffer);
    const odd = new Uint8Array(9);
    odd.set(bytes.subarray(4, 12), 1);
    expect(arrayFromBytes("float32", [2], odd.subarray(1)).data).toEqual(Float32Array.of(1.5, 0));
    expect(arrayFromBytes("float32", [2], Buffer.from(odd.buffer, 1)).data).toEqual(Float32Array.of(1.5, 0));
  });

  it("give their bytes back", () => {
    const array = float32([2, 2], [1, 2, 3, 4]);
    expect(arrayFromBytes("float32", [2, 2], arrayBytes(array))).toEqual(array);
  });

  it("refuse bytes that do not fit the shape", () => {
    expect(() => arrayFromBytes("int32", [2, 3], new Uint8Array(20))).toThrow('A int32[2,3] needs 24 bytes, not "20".');
    expect(() => float32([3], [1])).toThrow('A float32[3] cannot hold "1" elements.');
  });

  it("become float32 from every real type", () => {
    expect(toFloat32({ type: "bfloat16", dims: [2], data: Uint16Array.of(0x3fc0, 0xc000) })).toEqual(
      Float32Array.of(1.5, -2),
    );
    expect(toFloat32({ type: "float16", dims: [1], data: Float16Array.of(0.5) })).toEqual(Float32Array.of(0.5));
    expect(toFloat32({ type: "int64", dims: [2], data: BigInt64Array.of(-3n, 4n) })).toEqual(Float32Array.of(-3, 4));
    expect(toFloat32({ type: "uint8", dims: [1], data: Uint8Array.of(255) })).toEqual(Float32Array.of(255));
  });

  it("refuse to be read as numbers where they are packed", () => {
    expect(() => toFloat32({ type: "int4", dims: [2], data: Uint8Array.of(0x21) })).toThrow(
      'Elements of type "int4" cannot be read as numbers.',
    );
  });
});
