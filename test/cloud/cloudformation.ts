/** CloudFormation's DescribeStacks over stacks that a test names: its outputs, or that there is no such stack. */
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import type { HttpResponse } from '@smithy/protocol-http';
import type { HttpRequest, RequestHandler } from '@smithy/types';
import { readRequest, toHttpResponse } from './http.ts';

export class CloudFormation implements RequestHandler<HttpRequest, HttpResponse> {
  /** Outputs by the stack's name. */
  readonly stacks = new Map<string, Record<string, string>>();
  /** What a stack was deployed with, by its name. */
  readonly parameters = new Map<string, Record<string, string>>();

  client(): CloudFormationClient {
    return new CloudFormationClient({
      region: 'eu-central-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      endpoint: 'https://cloudformation.example',
      requestHandler: this,
    });
  }

  async handle(httpRequest: HttpRequest): Promise<{ response: HttpResponse }> {
    const form = new URLSearchParams((await readRequest(httpRequest)).body.toString());
    if (form.get('Action') !== 'DescribeStacks')
      throw new Error(`the CloudFormation for tests does not know ${form.get('Action')}`);
    const name = form.get('StackName') ?? '';
    const outputs = this.stacks.get(name);
    const [status, body] = outputs
      ? [200, described(name, outputs, this.parameters.get(name) ?? {})]
      : [400, noSuchStack(name)];
    return { response: toHttpResponse({ status, headers: { 'content-type': 'text/xml' }, body }) };
  }
}

function described(name: string, outputs: Record<string, string>, parameters: Record<string, string>): string {
  const members = (kind: string, values: Record<string, string>): string =>
    Object.entries(values)
      .map(([key, value]) => {
        const escaped = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
        return `<member><${kind}Key>${key}</${kind}Key><${kind}Value>${escaped}</${kind}Value></member>`;
      })
      .join('');
  return `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>${name}</StackName><StackStatus>CREATE_COMPLETE</StackStatus><Parameters>${members('Parameter', parameters)}</Parameters><Outputs>${members('Output', outputs)}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`;
}

function noSuchStack(name: string): string {
  return `<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id ${name} does not exist</Message></Error></ErrorResponse>`;
}
