/** Errors of the API: `errors[].extensions` in GraphQL, `error` in REST, with code, details, fields and params. */
import type { CombinedError } from '@urql/core';

import { currentMessages } from '../../base/language';
import { errors, type Params } from '../messages/errors';

export interface FieldError {
  readonly message: string;
  readonly params: Params;
}

export interface ApiError {
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

export function errorOf(error: CombinedError): ApiError {
  const [first] = error.graphQLErrors;
  return first ? parseError(first) : clientError('NETWORK');
}

/** Parse an entry of `errors`. */
export function parseError({ message, extensions = {} }: GraphQLError): ApiError {
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
    fields: Object.fromEntries(fields) as ApiError['fields'],
  };
}

/** Parse the body of an error response of REST. */
export function parseRestError(body: string): ApiError {
  try {
    const { error } = JSON.parse(body) as { error: { message: string } };
    return parseError({ message: error.message, extensions: { ...error } });
  } catch {
    return clientError('NETWORK');
  }
}

/** Return an error that the page found by itself. */
export function clientError(code: string, params: Params = {}): ApiError {
  return { code, message: '', details: '', params, fields: {} };
}

/** Return the text of an error in the current language, or in English if its reason has no translation. */
export function errorMessage({ code, message, details, params, fields }: ApiError): string {
  const fieldErrors = Object.values(fields).flat();
  if (fieldErrors.length) return fieldErrors.map(fieldMessage).join(' ');
  const text = textOf(params);
  return text ?? [currentMessages(errors).codes[code] ?? `${message}.`, details].filter(Boolean).join(' ');
}

export function fieldMessage({ message, params }: FieldError): string {
  return textOf(params) ?? message;
}

function textOf(params: Params): string | undefined {
  return currentMessages(errors).reasons[String(params['reason'])]?.(params);
}
