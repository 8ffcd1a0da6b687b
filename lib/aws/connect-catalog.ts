import { GlueClient } from '@aws-sdk/client-glue';
import type { Config } from '../config.ts';
import type { Catalog } from '../ports/catalog.ts';
import { GlueCatalog } from './glue-catalog.ts';

/** Of one attempt. */
const ATTEMPT_MS = 7_000;

/**
 * A catalog that does not answer is given up soon, and tried again by a later merge: no table waits for it. All attempts
 * together are over before the function is stopped. Without `throwOnRequestTimeout` the SDK warns, and waits on.
 */
export const CATALOG_CLIENT = {
  maxAttempts: 3,
  requestHandler: {
    connectionTimeout: 3_000,
    requestTimeout: ATTEMPT_MS,
    throwOnRequestTimeout: true,
    // Of an answer that has begun.
    socketTimeout: ATTEMPT_MS,
  },
};

/** The catalog, if tables are registered; once per container. Region and credentials are the environment's. */
export function connectCatalog({ catalogDatabase }: Pick<Config, 'catalogDatabase'>): Catalog | undefined {
  return catalogDatabase === undefined ? undefined : new GlueCatalog(new GlueClient(CATALOG_CLIENT));
}
