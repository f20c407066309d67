/** The files that were picked, and the form that sends them: github.com/jaydenseric/graphql-multipart-request-spec. */
import type { Operation } from './fetcher';
import type { Slot } from './slots';
import { createStore } from './store';

type Picked = Readonly<Record<string, readonly File[]>>;

export const files = createStore<Picked>({});

export function pick(path: string, chosen: readonly File[]): void {
  files.set({ ...files.get(), [path]: chosen });
}

export function picked(path: string): readonly File[] {
  return files.get()[path] ?? [];
}

/** `operations` with null for each file, `map` with where each belongs, then the files. */
export function form({ query, operationName, variables }: Operation, slots: readonly Slot[]): FormData {
  const operations = { query, operationName, variables: structuredClone(variables ?? {}) };
  const map: Record<string, string[]> = {};
  const parts: File[] = [];
  for (const { path, takesMany } of slots) {
    const chosen = picked(path);
    if (chosen.length) put(operations.variables, path.split('.'), takesMany ? chosen.map(() => null) : null);
    chosen.forEach((file, index) => {
      map[parts.length] = [`variables.${path}${takesMany ? `.${index}` : ''}`];
      parts.push(file);
    });
  }
  const data = new FormData();
  data.append('operations', JSON.stringify(operations));
  data.append('map', JSON.stringify(map));
  parts.forEach((file, index) => data.append(String(index), file, file.name));
  return data;
}

function put(target: Record<string, unknown>, [name, ...rest]: string[], value: unknown): void {
  if (name === undefined) return;
  if (rest.length === 0) target[name] = value;
  else put((target[name] ??= {}) as Record<string, unknown>, rest, value);
}
