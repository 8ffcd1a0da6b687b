import { CloudFormationServiceException } from '@aws-sdk/client-cloudformation';
import { describe, expect, it } from '@jest/globals';
import { exitCodeOf } from '../../lib/cli/command-io.ts';
import { TableItemChanged } from '../../lib/ports/table-store.ts';

describe('a command that fails unexpectedly ends with 1', () => {
  async function said(error: Error): Promise<string> {
    const err: string[] = [];
    expect(await exitCodeOf('tables', { err: (line) => err.push(line) }, () => Promise.reject(error))).toBe(1);
    return err.join('\n');
  }

  it('and says where, of what it cannot explain', async () => {
    expect(await said(new Error('none of this should be'))).toMatch(/^Error: none of this should be\n +at /);
  });

  it('and says to try again where somebody else was faster', async () => {
    const lines = await said(new TableItemChanged('raw/sales/orders/'));
    expect(lines).toMatch(
      /^tidemark tables: .*raw\/sales\/orders\/ is not as it was read.*\n {2}What to do: try again\.$/,
    );
  });

  it('and says what AWS refused, and where the permissions are told, without a stack trace', async () => {
    const message = 'x is not authorized to perform: dynamodb:Scan';
    const metadata = { $fault: 'client' as const, $metadata: { httpStatusCode: 400 } };
    const lines = await said(
      new CloudFormationServiceException({ name: 'AccessDeniedException', message, ...metadata }),
    );
    expect(lines).toContain(`tidemark tables: a request to AWS failed: AccessDeniedException: ${message}\n`);
    expect(lines).toContain('Permissions of the command');
    expect(lines).not.toMatch(/\n +at /);
  });
});
