import type { ReactElement } from "react";
import { useMethods, useOverview } from "../../client/queries.ts";
import { Glyph } from "../../kit/Glyph.tsx";
import { href, paths } from "../../kit/navigation.ts";
import { Empty, Failed, Loading } from "../../kit/states.tsx";
import { familiesOf, FAMILIES } from "./families.ts";
import { Presets } from "./Presets.tsx";

/** What can be done to a model, by what one wants. */
export function MethodsPage({ project }: { readonly project: string }): ReactElement {
  const methods = useMethods();
  const overview = useOverview(project);
  const failed = methods.failure ?? overview.failure;
  if (failed !== undefined)
    return <Failed isPage failure={failed} retry={methods.failure === undefined ? overview.again : methods.again} />;
  if (methods.data === undefined || overview.data === undefined) return <Loading what="the methods" />;
  if (overview.data.variants.length === 0) {
    return (
      <Empty isPage icon="graph" title="No model yet">
        Methods start from a model. Import one in the overview first.
      </Empty>
    );
  }
  return (
    <div className="page">
      <header className="page-head">
        <div className="page-title">
          <h1>Methods</h1>
          <p className="muted">Each makes a new variant of a model. The model it starts from stays as it is.</p>
        </div>
      </header>
      <Presets project={project} methods={methods.data} />
      {familiesOf(methods.data).map(({ family, methods: found }) => (
        <section key={family} aria-labelledby={`family-${family}`} className="family">
          <h2 id={`family-${family}`}>
            <Glyph icon={FAMILIES[family].icon} className="muted" /> {FAMILIES[family].title}
          </h2>
          <p className="muted family-goal">{FAMILIES[family].goal}</p>
          <ul className="plain-list methods">
            {found.map((m) => (
              <li key={m.id}>
                <a className="card method" href={href(paths.wizard(project, { method: m.id }))}>
                  <strong>{m.title}</strong>
                  <span className="method-summary">{m.summary}</span>
                  {m.paper !== undefined && <span className="method-paper">{m.paper}</span>}
                </a>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}
