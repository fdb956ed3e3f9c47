import { Button, FormGroup, InputGroup } from "@blueprintjs/core";
import { useState, type ReactElement } from "react";
import { keepToken } from "../client/engine.ts";

/** The engine does not know the token of this page. */
export function Refused(): ReactElement {
  const [token, setToken] = useState("");
  return (
    <main className="refused">
      <form
        className="card"
        onSubmit={(event) => {
          event.preventDefault();
          keepToken(token.trim().replace(/^.*#token=/, ""));
          window.location.reload();
        }}
      >
        <h1>Lathe asks who you are</h1>
        <p>The engine was started anew, or this address lacks its token. It stands in the terminal where it runs.</p>
        <FormGroup label="Address or token" labelFor="token">
          <InputGroup id="token" autoFocus value={token} onChange={(event) => setToken(event.currentTarget.value)} />
        </FormGroup>
        <Button type="submit" intent="primary" text="Connect" disabled={token.trim() === ""} />
      </form>
    </main>
  );
}
