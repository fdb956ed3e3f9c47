import { expect, test } from "vitest";
import { offerOf } from "../../renderer/app/DropOverlay.tsx";

test("the overlay names what letting go would do", () => {
  const title = (kinds: readonly string[], hasProject: boolean, canDrop = true): string =>
    offerOf({ kinds, hasProject, canDrop }).title;
  expect(title([""], false)).toBe("Let go to open the project");
  expect(title([""], true)).toBe("Let go to bring it into this project");
  expect(title(["text/csv"], true)).toBe("Let go to import data");
  expect(title([], true)).toBe("Let go to bring it into this project");
  expect(title(["text/csv"], true, false)).toBe("Files cannot be dropped into a browser");
});
