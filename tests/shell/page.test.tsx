import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import { App } from "../../renderer/app/App.tsx";

it("says what works so far, and where", () => {
  const page = renderToStaticMarkup(<App versions={undefined} />);
  expect(page).toContain("<h1>Lathe</h1>");
  expect(page).toContain("The workbench’s screens come later.");
  expect(page).toContain("<code>npm run lathe -- --help</code>");
  expect(page).not.toContain("Electron");
});

it("shows the versions that the desktop gives it", () => {
  const page = renderToStaticMarkup(<App versions={{ electron: "45.0.0", chrome: "150.0.1", node: "24.1.0" }} />);
  expect(page).toContain("<footer>Electron 45.0.0, Chromium 150.0.1, Node 24.1.0</footer>");
});
