-- Severe delays, event by event. An event keeps its id, its time and its trace.
SELECT
  date,
  origin,
  destination,
  delay_minutes,
  distance_miles,
  origin RLIKE '^[A-Z0-9]{3,4}$' AS alert,
  _event_id,
  _event_time,
  _traceparent,
  _pathway,
  _ingested_at
FROM flights
WHERE delay_minutes >= ${severeDelayMinutes}
