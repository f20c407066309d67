/** What went wrong, as the API says it: `errors[].extensions { code, details, fields }`. */
import type { CombinedError } from '@urql/core';

import { language, say } from '../language';
import { problems } from '../messages/problems';

export interface Problem {
  /** As in docs/graphql.md; NETWORK where no answer came. */
  readonly code: string;
  readonly message: string;
  readonly details: string;
  /** The wrong fields, each with its complaints. */
  readonly fields: Readonly<Record<string, readonly string[]>>;
}

interface Said {
  readonly message: string;
  readonly extensions?: Readonly<Record<string, unknown>>;
}

export function problemOf(error: CombinedError): Problem {
  const [first] = error.graphQLErrors;
  return first ? problemIn(first) : unreachable();
}

/** From an entry of `errors`, wherever it came by. */
export function problemIn({ message, extensions = {} }: Said): Problem {
  return {
    code: String(extensions['code'] ?? 'INTERNAL_ERROR'),
    message,
    details: String(extensions['details'] ?? ''),
    fields: (extensions['fields'] ?? {}) as Problem['fields'],
  };
}

/** From the body of an error over REST. */
export function problemInEnvelope(body: string): Problem {
  try {
    const { error } = JSON.parse(body) as { error: { code: string; message: string; details: string } };
    return problemIn({ message: error.message, extensions: error });
  } catch {
    return unreachable();
  }
}

export function unreachable(): Problem {
  return { code: 'NETWORK', message: '', details: '', fields: {} };
}

/** A sentence or two for the person: what it is, and what the server said in detail, in their language as far as it has words for that. */
export function told(problem: Problem): string {
  const { titles, join } = say(problems);
  const title = (titles as Readonly<Record<string, string>>)[problem.code] ?? problem.message;
  const details = detailed(problem);
  return details ? join(title, details) : title;
}

/** One sentence of the server's, in the language of the page. Where that has none for it, it stays as it is. */
export function translated(sentence: string): string {
  return say(problems).translated(sentence) ?? sentence;
}

function detailed({ code, details, fields }: Problem): string {
  if (language.get() === 'en') return details;
  const complaints = Object.values(fields).flat();
  if (complaints.length) return complaints.map(translated).join('');
  return say(problems).translated(details) ?? (SPOKEN.includes(code) ? '' : details);
}

/** Whose titles say it all. */
const SPOKEN = ['UNAUTHORIZED', 'FORBIDDEN', 'NOT_FOUND', 'BUSY', 'DOCUMENT_NOT_TRUSTED'];
