import { CopyButton } from './CopyButton';

/** A list of named texts with copy buttons. */
export function CopyRows({ rows }: { rows: Readonly<Record<string, string>> }) {
  return (
    <dl>
      {Object.entries(rows).map(([name, text]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="code" title={text}>
            {text}
          </dd>
          <dd>
            <CopyButton text={text} name={name} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
