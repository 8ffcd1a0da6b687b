import { GlueClient } from '@aws-sdk/client-glue';
import type { Config } from '../config.ts';
import type { Catalog } from '../ports/catalog.ts';
import { GlueCatalog } from './glue-catalog.ts';

/** A catalog that does not answer is given up soon, and tried again by a later merge: no table waits for it. */
const CLIENT = { maxAttempts: 3, requestHandler: { connectionTimeout: 3_000, requestTimeout: 15_000 } };

/** The catalog, if tables are registered; once per container. Region and credentials are the environment's. */
export function connectCatalog({ catalogDatabase }: Pick<Config, 'catalogDatabase'>): Catalog | undefined {
  return catalogDatabase === undefined ? undefined : new GlueCatalog(new GlueClient(CLIENT));
}
