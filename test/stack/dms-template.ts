import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';

export interface DmsTemplate {
  Parameters: Record<
    string,
    {
      Type: string;
      Description?: string;
      Default?: unknown;
      AllowedPattern?: string;
      AllowedValues?: string[];
      ConstraintDescription?: string;
    }
  >;
  Resources: Record<
    string,
    { Type: string; Condition?: string; DeletionPolicy?: string; Properties: Record<string, unknown> }
  >;
}

const FUNCTIONS = ['Ref', 'Sub', 'GetAtt', 'If', 'Not', 'Equals', 'Or', 'Contains', 'Select', 'Split'];

/** `!Ref Name` reads `{Ref: 'Name'}`, and so on: the long form that CloudFormation knows beside the short one. */
export const customTags = FUNCTIONS.flatMap((name) => [
  { tag: `!${name}`, resolve: (value: string) => ({ [name]: value }) },
  { tag: `!${name}`, collection: 'seq' as const, resolve: (seq: { toJSON(): unknown }) => ({ [name]: seq.toJSON() }) },
]);

/** The stack with the database, and its text. */
export async function readDmsTemplate(): Promise<{ text: string; template: DmsTemplate }> {
  const text = await readFile('resources/dms.yml', 'utf8');
  return { text, template: parse(text, { customTags }) as DmsTemplate };
}
