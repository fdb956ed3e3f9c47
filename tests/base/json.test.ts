import { describe, expect, it } from "vitest";
import { canonicalJson, type Json } from "../../core/base/json.ts";
import { hash, startHash } from "../../core/base/hash.ts";

describe("canonicalJson", () => {
  it("writes equal values alike, whatever the order of their keys", () => {
    const one = { b: [1, { y: null, x: true }], a: "é", "": 0 };
    const other = { "": 0, a: "é", b: [1, { x: true, y: null }] };
    expect(canonicalJson(one)).toBe('{"":0,"a":"é","b":[1,{"x":true,"y":null}]}');
    expect(canonicalJson(other)).toBe(canonicalJson(one));
  });

  it("keeps the order of lists", () => {
    expect(canonicalJson([3, 1, 2])).toBe("[3,1,2]");
  });

  it("drops keys without a value", () => {
    expect(canonicalJson({ a: undefined, b: 1 } as unknown as Json)).toBe('{"b":1}');
  });

  it("reads back as what it was, keys that look like numbers or prototypes included", () => {
    const value: Json = JSON.parse('{"__proto__":1,"10":2,"9":3,"a":-0.5e-9}') as Json;
    expect(JSON.parse(canonicalJson(value))).toEqual(value);
  });

  it("indents on request", () => {
    expect(canonicalJson({ b: 1, a: [] }, 2)).toBe('{\n  "a": [],\n  "b": 1\n}');
  });
});

describe("hash", () => {
  it("is SHA-256 (FIPS 180-2, appendix B.1)", () => {
    expect(hash("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });

  it("is the same in pieces", () => {
    const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
    expect(startHash().update(bytes.subarray(0, 7)).update(bytes.subarray(7)).digest()).toBe(hash(bytes));
  });
});
