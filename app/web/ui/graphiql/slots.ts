/** The places for files in an operation's variables. */
import {
  type DocumentNode,
  type GraphQLInputType,
  type GraphQLSchema,
  type TypeNode,
  getNamedType,
  getNullableType,
  getOperationAST,
  isInputObjectType,
  isListType,
  isNonNullType,
  typeFromAST,
} from 'graphql';

export interface Slot {
  /** As in the specification's map, without `variables.`: `file`, `input.file`, `input.files`. */
  path: string;
  takesMany: boolean;
  isRequired: boolean;
}

const UPLOAD = 'Upload';

export function slotsOf(document: DocumentNode, name?: string | null, schema?: GraphQLSchema | null): Slot[] {
  const definitions = getOperationAST(document, name)?.variableDefinitions ?? [];
  return definitions.flatMap(({ variable, type }) => {
    const known = schema && (typeFromAST(schema, type as never) as GraphQLInputType | undefined);
    if (known) return slotsIn(known, variable.name.value, true, []);
    return plain(type, variable.name.value);
  });
}

function slotsIn(type: GraphQLInputType, path: string, isRequired: boolean, above: string[]): Slot[] {
  const nullable = getNullableType(type);
  const named = getNamedType(type);
  const required = isRequired && isNonNullType(type);
  if (named.name === UPLOAD) return [{ path, takesMany: isListType(nullable), isRequired: required }];
  if (isListType(nullable) || !isInputObjectType(named) || above.includes(named.name)) return [];
  const fields = Object.values(named.getFields());
  return fields.flatMap((f) => slotsIn(f.type, `${path}.${f.name}`, required, [...above, named.name]));
}

/** Where nothing is known of the schema, the type's name must do. */
function plain(type: TypeNode, path: string): Slot[] {
  const isRequired = type.kind === 'NonNullType';
  const nullable = isRequired ? type.type : type;
  const takesMany = nullable.kind === 'ListType';
  let inner: TypeNode = nullable;
  while (inner.kind !== 'NamedType') inner = inner.type;
  return inner.name.value === UPLOAD ? [{ path, takesMany, isRequired }] : [];
}
