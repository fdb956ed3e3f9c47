import { Button, Spinner } from "@blueprintjs/core";
import type { IconName } from "@blueprintjs/icons";
import { Component, type ErrorInfo, type ReactElement, type ReactNode } from "react";
import type { Failure } from "../../core/contract/failure.ts";
import { Glyph } from "./Glyph.tsx";

export interface EmptyProps {
  readonly icon: IconName;
  readonly title: string;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
  /** Whether it stands for the whole screen, so that its title is the screen's. */
  readonly isPage?: boolean;
}

/** Says that there is nothing, why, and what to do. */
export function Empty({ icon, title, children, actions, isPage = false }: EmptyProps): ReactElement {
  const Title = isPage ? "h1" : "h2";
  return (
    <div className="state">
      <Glyph icon={icon} size={32} />
      <Title className="state-title">{title}</Title>
      {children !== undefined && <p className="state-text">{children}</p>}
      {actions !== undefined && <div className="actions">{actions}</div>}
    </div>
  );
}

/** Holds the place of what is on its way. */
export function Loading({ what }: { readonly what: string }): ReactElement {
  return (
    <div className="state" role="status">
      <Spinner size={28} aria-label={`Loading ${what}`} />
      <p className="state-text">Loading {what}…</p>
    </div>
  );
}

export interface FailedProps {
  readonly failure: Failure;
  readonly retry?: (() => void) | undefined;
  /** Whether it stands for the whole screen, so that its title is the screen's. */
  readonly isPage?: boolean;
}

/** A failure in place of what could not be shown. */
export function Failed({ failure, retry, isPage = false }: FailedProps): ReactElement {
  const Title = isPage ? "h1" : "h2";
  return (
    <div className="state" role="alert">
      <Glyph icon="error" size={32} className="tone-bad" />
      <Title className="state-title">{failure.message}</Title>
      {failure.hint !== undefined && <p className="state-text">{failure.hint}</p>}
      {retry !== undefined && (
        <div className="actions">
          <Button text="Try again" onClick={retry} />
        </div>
      )}
    </div>
  );
}

/** What went wrong, beside what it went wrong with. */
export function Refusal({
  failure: { message, hint },
}: {
  readonly failure: Pick<Failure, "message" | "hint">;
}): ReactElement {
  return (
    <div className="callout tone-bad" role="alert">
      <strong>{message}</strong>
      {hint !== undefined && <span>{hint}</span>}
    </div>
  );
}

interface BoundaryProps {
  readonly children: ReactNode;
  /** Another value starts anew. */
  readonly resetKey: string;
}

interface BoundaryState {
  readonly error: Error | undefined;
}

/** Keeps a screen that broke from taking the workbench with it. */
export class ErrorBoundary extends Component<BoundaryProps, BoundaryState> {
  override state: BoundaryState = { error: undefined };

  static getDerivedStateFromError(error: Error): BoundaryState {
    return { error };
  }

  override componentDidUpdate(before: BoundaryProps): void {
    if (before.resetKey !== this.props.resetKey && this.state.error !== undefined) this.setState({ error: undefined });
  }

  override componentDidCatch(error: Error, info: ErrorInfo): void {
    console.error(error, info.componentStack);
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    const failure = { code: "internal", message: "This screen broke.", hint: error.message };
    return <Failed failure={failure} retry={() => this.setState({ error: undefined })} />;
  }
}
