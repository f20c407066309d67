/** File variables of an operation. */
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
  /** Path in the variables, such as `file`, `input.file` or `input.files`. */
  path: string;
  isList: boolean;
  isRequired: boolean;
}

const UPLOAD = 'Upload';

export function slotsOf(document: DocumentNode, name?: string | null, schema?: GraphQLSchema | null): Slot[] {
  const definitions = getOperationAST(document, name)?.variableDefinitions ?? [];
  return definitions.flatMap(({ variable, type }) => {
    const inputType = schema && (typeFromAST(schema, type as never) as GraphQLInputType | undefined);
    if (inputType) return slotsIn(inputType, variable.name.value, true, []);
    return slotsByName(type, variable.name.value);
  });
}

function slotsIn(type: GraphQLInputType, path: string, isRequired: boolean, above: string[]): Slot[] {
  const nullable = getNullableType(type);
  const named = getNamedType(type);
  const required = isRequired && isNonNullType(type);
  if (named.name === UPLOAD) return [{ path, isList: isListType(nullable), isRequired: required }];
  if (isListType(nullable) || !isInputObjectType(named) || above.includes(named.name)) return [];
  const fields = Object.values(named.getFields());
  return fields.flatMap((f) => slotsIn(f.type, `${path}.${f.name}`, required, [...above, named.name]));
}

/** Find files by the name of the type, without a schema. */
function slotsByName(type: TypeNode, path: string): Slot[] {
  const isRequired = type.kind === 'NonNullType';
  const nullable = isRequired ? type.type : type;
  const isList = nullable.kind === 'ListType';
  let inner: TypeNode = nullable;
  while (inner.kind !== 'NamedType') inner = inner.type;
  return inner.name.value === UPLOAD ? [{ path, isList, isRequired }] : [];
}
