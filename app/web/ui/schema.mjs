// Generate the types of the dashboard's documents from schema.graphql: node schema.mjs SCHEMA FILE
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { buildSchema, introspectionFromSchema } from 'graphql';
import { minifyIntrospection, outputIntrospectionFile } from '@gql.tada/internal';

const [schema, file] = process.argv.slice(2);
const introspection = introspectionFromSchema(buildSchema(readFileSync(schema, 'utf8')), {
  descriptions: false,
});
mkdirSync(dirname(file), { recursive: true });
writeFileSync(
  file,
  outputIntrospectionFile(minifyIntrospection(introspection), { fileType: '.d.ts', shouldPreprocess: true }),
);
