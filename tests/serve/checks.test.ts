import { describe, expect, it } from "vitest";
import { isLoopback, isOwnHost, isOwnOrigin, isSameToken, tokenOf } from "../../core/serve/http/checks.ts";
import { isToken } from "../../core/serve/http/token.ts";

const hosts = ["127.0.0.1", "localhost", "::1"];

describe("loopback", () => {
  it.each(["127.0.0.1", "127.1.2.3", "localhost", "::1"])("is %s", (host) => expect(isLoopback(host)).toBe(true));
  it.each(["0.0.0.0", "::", "192.168.1.2", "example.org", "127.0.0.1.example.org", ""])("is not %j", (host) =>
    expect(isLoopback(host)).toBe(false),
  );
});

describe("the host that a request names", () => {
  it.each(["127.0.0.1:80801", "localhost:8080", "LOCALHOST:8080", "[::1]:8080", "127.0.0.1:8080"])(
    "is ours where it is ours to the letter: %s",
    (header) => expect(isOwnHost(header, hosts, 8080)).toBe(header !== "127.0.0.1:80801"),
  );
  it.each([undefined, "", "localhost", "evil.example:8080", "localhost.evil.example:8080", "127.0.0.1:8081"])(
    "is not ours: %j",
    (header) => expect(isOwnHost(header, hosts, 8080)).toBe(false),
  );
});

describe("the origin that a socket comes from", () => {
  it("is one of our pages", () => expect(isOwnOrigin("http://localhost:8080", hosts, 8080)).toBe(true));
  it.each([
    undefined,
    "null",
    "https://localhost:8080",
    "http://localhost:8081",
    "http://evil.example",
    "http://localhost:8080.evil.example",
    "http://evil.example/http://localhost:8080",
  ])("is not one of our pages: %j", (origin) => expect(isOwnOrigin(origin, hosts, 8080)).toBe(false));
});

describe("tokens", () => {
  it("come among the protocols", () => {
    expect(tokenOf("lathe.1, lathe.token.abc-DEF_1")).toBe("abc-DEF_1");
    expect(tokenOf("lathe.1")).toBe("");
    expect(tokenOf(undefined)).toBe("");
  });
  it("are the same or not, whatever their length", () => {
    expect(isSameToken("abc", "abc")).toBe(true);
    expect(isSameToken("abcd", "abc")).toBe(false);
    expect(isSameToken("", "abc")).toBe(false);
  });
  it("are long enough and harmless in an address", () => {
    expect(isToken("0123456789abcdef")).toBe(true);
    expect(isToken("short")).toBe(false);
    expect(isToken("0123456789abcdef#x")).toBe(false);
  });
});
