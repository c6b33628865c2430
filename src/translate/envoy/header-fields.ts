/** Changes of headers in the fields that routes and weighted clusters of Envoy share. */
import type { HeaderChanges, HttpHeaderChanges } from '../../model/header-changes.ts';
import { enumValue, type envoy } from '../../xds-api/messages.ts';

type HeaderValueOption = envoy.config.core.v3.HeaderValueOption;

const OVERWRITE = enumValue('envoy.config.core.v3.HeaderValueOption.HeaderAppendAction', 'OVERWRITE_IF_EXISTS_OR_ADD');

export function headerFields(changes: HttpHeaderChanges | undefined): {
  requestHeadersToAdd?: HeaderValueOption[];
  requestHeadersToRemove?: string[];
  responseHeadersToAdd?: HeaderValueOption[];
  responseHeadersToRemove?: string[];
} {
  if (changes === undefined) return {};
  const [request, response] = [valuesOf(changes.request), valuesOf(changes.response)];
  const { remove: ofRequest } = changes.request;
  const { remove: ofResponse } = changes.response;
  return {
    ...(request.length === 0 ? {} : { requestHeadersToAdd: request }),
    ...(ofRequest.length === 0 ? {} : { requestHeadersToRemove: [...ofRequest] }),
    ...(response.length === 0 ? {} : { responseHeadersToAdd: response }),
    ...(ofResponse.length === 0 ? {} : { responseHeadersToRemove: [...ofResponse] }),
  };
}

function valuesOf({ set, add }: HeaderChanges): HeaderValueOption[] {
  return [
    ...set.map(({ name, value }) => ({ ...headerValue(name, value), appendAction: OVERWRITE })),
    ...add.map(({ name, value }) => headerValue(name, value)),
  ];
}

/** An empty value is kept: it was written. */
function headerValue(key: string, value: string): HeaderValueOption {
  return value === '' ? { header: { key }, keepEmptyValue: true } : { header: { key, value } };
}
