import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";
import layers from "./layers.cjs";

const NAMED_EXPORTS_ONLY = {
  selector: "ExportDefaultDeclaration",
  message: "Export by name. Only core/methods/<id>/method.ts exports a default.",
};

export default defineConfig(
  globalIgnores(["**/node_modules/", "**/generated/", "out/", "dist/", "demo/", "coverage/", "samples/"]),
  {
    linterOptions: { noInlineConfig: true },
  },
  js.configs.recommended,
  {
    files: ["**/*.{ts,tsx}"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/consistent-type-exports": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/max-params": ["error", { max: 3 }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true, allowAny: false, allowNullish: false, allowRegExp: false },
      ],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-unnecessary-condition": ["error", { allowConstantLoopConditions: true }],
      "@typescript-eslint/dot-notation": ["error", { allowIndexSignaturePropertyAccess: true }],
      // On text, || also replaces the empty string, which is often the point.
      "@typescript-eslint/prefer-nullish-coalescing": ["error", { ignorePrimitives: { string: true } }],
      // Loops over typed arrays index within bounds that the compiler cannot see.
      "@typescript-eslint/no-non-null-assertion": "off",
      // An implementation of an asynchronous interface may have nothing to wait for.
      "@typescript-eslint/require-await": "off",
      // Interfaces describe frozen plain objects, whose functions do not use `this`.
      "@typescript-eslint/unbound-method": "off",
      "@typescript-eslint/no-empty-function": "off",
      "@typescript-eslint/unified-signatures": "off",
      "no-restricted-syntax": ["error", NAMED_EXPORTS_ONLY],
      "max-lines": ["error", { max: 500, skipBlankLines: false, skipComments: false }],
      eqeqeq: ["error", "always", { null: "ignore" }],
    },
  },
  { files: ["core/**/*.ts"], ignores: ["core/cli/**"], rules: { "no-console": "error" } },
  {
    files: layers.pure.map((layer) => `core/${layer}/**/*.ts`),
    rules: { "no-restricted-globals": ["error", "Buffer", "process", "global", "__dirname"] },
  },
  {
    files: ["core/methods/*/method.ts", "tests/extraMethods/*/method.ts", "*.config.ts", "tests/reporter.ts"],
    rules: { "no-restricted-syntax": "off" },
  },
  {
    files: ["**/*.table.ts", "**/fixtures/**", "**/tables/**"],
    rules: { "max-lines": "off" },
  },
  {
    files: ["**/*.{js,mjs,cjs}"],
    languageOptions: {
      globals: { console: "readonly", module: "writable", process: "readonly", require: "readonly", URL: "readonly" },
    },
  },
);
