/** The ingress's events as its meter takes them. */
import { envelopeHeaders } from '../../model/schema.ts';
import type { IngressMeter, StampedRecord } from '../../telemetry/stageMeter.ts';
import type { EventProducerOptions } from './eventProducer.ts';
import type { EncodedRecord } from './record.ts';

/** Counts records when they are offered to the broker and when it has acknowledged them. */
export function meteringOf(meter: IngressMeter): Pick<EventProducerOptions, 'onOffer' | 'onAcknowledged'> {
  return {
    onOffer: (records) => meter.offered(records.map(stamped)),
    onAcknowledged: (records) => meter.acknowledged(records.map(stamped), Date.now()),
  };
}

function stamped({ headers }: EncodedRecord): StampedRecord {
  return {
    id: headers[envelopeHeaders.event_id] ?? '',
    pathway: headers[envelopeHeaders.pathway] ?? '',
    traceparent: headers[envelopeHeaders.traceparent],
  };
}
