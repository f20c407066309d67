/** What went wrong, as the API says it: `errors[].extensions { code, details, fields }`. */
import type { CombinedError } from '@urql/core';

import { say } from '../language';
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

export function unreachable(): Problem {
  return { code: 'NETWORK', message: '', details: '', fields: {} };
}

/** A sentence or two for the person: what it is in their language, and what the server, which speaks English, said to do about it. */
export function told(problem: Problem): string {
  const { titles, join, enough } = say(problems);
  const title = (titles as Readonly<Record<string, string>>)[problem.code] ?? problem.message;
  return problem.details && !enough.includes(problem.code) ? join(title, problem.details) : title;
}
