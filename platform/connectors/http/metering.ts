/** The ingress's events as its meter takes them. */
import { envelopeHeaders } from '../../model/schema.ts';
import type { IngressMeter, StampedRecord } from '../../telemetry/stageMeter.ts';
import type { EventProducerOptions } from './eventProducer.ts';
import type { EncodedRecord } from './record.ts';

/** Counts records when they are offered to the broker and when it has acknowledged them. */
export function meteringOf(meter: IngressMeter): Pick<EventProducerOptions, 'onOffer' | 'onAcknowledged'> {
  // A request is under way alone, and its list is the same at both calls.
  let offered: { readonly of: readonly EncodedRecord[]; readonly records: readonly StampedRecord[] } | undefined;
  return {
    onOffer(records) {
      offered = { of: records, records: records.map(stamped) };
      meter.offered(offered.records);
    },
    onAcknowledged(records) {
      meter.acknowledged(offered?.of === records ? offered.records : records.map(stamped), Date.now());
      offered = undefined;
    },
  };
}

function stamped({ headers }: EncodedRecord): StampedRecord {
  return {
    id: headers[envelopeHeaders.event_id] ?? '',
    pathway: headers[envelopeHeaders.pathway] ?? '',
    traceparent: headers[envelopeHeaders.traceparent],
  };
}
