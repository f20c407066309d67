/** Errors of the API: `errors[].extensions { code, details, fields, params }`. */
import type { CombinedError } from '@urql/core';

import { type Params, translateError } from '../../base/errors';
import { language, say } from '../language';
import { problems } from '../messages/problems';

export interface FieldError {
  readonly message: string;
  readonly params: Params;
}

export interface Problem {
  /** As in docs/graphql.md; NETWORK if there was no response. */
  readonly code: string;
  readonly message: string;
  readonly details: string;
  readonly params: Params;
  /** Errors of invalid fields, by name. */
  readonly fields: Readonly<Record<string, readonly FieldError[]>>;
}

interface GraphQLError {
  readonly message: string;
  readonly extensions?: Readonly<Record<string, unknown>>;
}

export function problemOf(error: CombinedError): Problem {
  const [first] = error.graphQLErrors;
  return first ? problemIn(first) : unreachable();
}

/** From an entry of `errors`. */
export function problemIn({ message, extensions = {} }: GraphQLError): Problem {
  const params = (extensions['params'] ?? {}) as Params;
  const texts = (extensions['fields'] ?? {}) as Readonly<Record<string, readonly string[]>>;
  const facts = (params['fields'] ?? {}) as Readonly<Record<string, readonly Params[]>>;
  const fields = Object.entries(texts).map(([name, messages]) => [
    name,
    messages.map((text, index) => ({ message: text, params: facts[name]?.[index] ?? {} })),
  ]);
  return {
    code: String(extensions['code'] ?? 'INTERNAL_ERROR'),
    message,
    details: String(extensions['details'] ?? ''),
    params,
    fields: Object.fromEntries(fields) as Problem['fields'],
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
  return { code: 'NETWORK', message: '', details: '', params: {}, fields: {} };
}

/** A message for the user: what went wrong, with details in their language if there is a translation. */
export function errorMessage(problem: Problem): string {
  const { titles, join } = say(problems);
  const errors = Object.values(problem.fields).flat();
  if (errors.length) return errors.map(fieldMessage).join(' ');
  const title = (titles as Readonly<Record<string, string>>)[problem.code] ?? problem.message;
  const details = detailsOf(problem);
  return details ? join(title, details) : title;
}

export function fieldMessage({ message, params }: FieldError): string {
  return translateError(language.get(), params) ?? message;
}

function detailsOf({ code, details, params }: Problem): string {
  const translation = translateError(language.get(), params);
  if (translation !== null) return translation;
  return language.get() === 'en' || !SELF_EXPLANATORY.includes(code) ? details : '';
}

/** Codes whose titles need no details. */
const SELF_EXPLANATORY = ['UNAUTHORIZED', 'FORBIDDEN', 'NOT_FOUND', 'BUSY', 'DOCUMENT_NOT_TRUSTED'];
