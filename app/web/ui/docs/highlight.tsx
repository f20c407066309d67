/** Syntax highlighting by one regular expression: comments, strings, keywords and numbers. */
import type { ComponentChildren } from 'preact';

const KEYWORDS =
  'import|from|export|function|const|let|return|if|else|for|of|in|new|await|async|throw|with|as|def|raise|not|true|false|null|True|False|None';
const TOKENS = new RegExp(
  [
    String.raw`(?<comment>^\s*#.*$|(?<=^|\s)//.*$)`,
    String.raw`(?<key>"[^"\n]*"(?=\s*:))`,
    String.raw`(?<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\x60[^\x60]*\x60)`,
    String.raw`(?<keyword>\b(?:${KEYWORDS})\b)`,
    String.raw`(?<number>\b\d[\d_.]*\b)`,
  ].join('|'),
  'gm',
);

export function highlight(code: string): ComponentChildren[] {
  const parts: ComponentChildren[] = [];
  let end = 0;
  for (const match of code.matchAll(TOKENS)) {
    const [kind] = Object.entries(match.groups!).find(([, text]) => text !== undefined)!;
    parts.push(code.slice(end, match.index), <span class={`t-${kind}`}>{match[0]}</span>);
    end = match.index + match[0].length;
  }
  return [...parts, code.slice(end)];
}
