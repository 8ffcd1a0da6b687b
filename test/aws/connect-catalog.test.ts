import { GlueClient } from '@aws-sdk/client-glue';
import { afterAll, describe, expect, it } from '@jest/globals';
import { CATALOG_CLIENT } from '../../lib/aws/connect-catalog.ts';
import { GlueCatalog } from '../../lib/aws/glue-catalog.ts';
import { SilentServer } from './silent-server.ts';

describe('a catalog that does not answer', () => {
  const server = new SilentServer();
  afterAll(() => server.stop());

  it('is given up, rather than that a merge waits for it until it is stopped', async () => {
    const { requestHandler, ...client } = CATALOG_CLIENT;
    const glue = new GlueClient({
      ...client,
      requestHandler: { ...requestHandler, requestTimeout: 50 },
      ...(await server.start()),
    });
    const asked = new GlueCatalog(glue).table({ database: 'shop', table: 'orders' });
    await expect(asked).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(server.requests).toBe(CATALOG_CLIENT.maxAttempts);
    glue.destroy();
  });

  it('is given up before the function is stopped', () => {
    // A request is begun with 10 s left before the deadline, which is 15 s before the end.
    const longestMs = CATALOG_CLIENT.maxAttempts * CATALOG_CLIENT.requestHandler.requestTimeout;
    expect(longestMs).toBeLessThan(10_000 + 15_000);
  });
});
