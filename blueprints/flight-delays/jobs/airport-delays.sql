-- Delays of each airport of departure in windows of event time. A window is sent again with each update; its id is the
-- airport and the start of the window, so that an update overwrites the one before.
SELECT
  d.airport,
  a.name AS airport_name,
  a.city AS city,
  d.w.start AS window_start,
  d.w.end AS window_end,
  d.flights,
  d.delayed,
  d.severe,
  d.mean_delay_minutes,
  d.max_delay_minutes,
  a.iata IS NOT NULL AS on_board,
  unix_seconds(d.w.start) * 1000000 + least(d.flights, 999999) AS version,
  concat(d.airport, '@', date_format(d.w.start, "yyyy-MM-dd'T'HH:mm:ss'Z'")) AS _event_id,
  d.event_time AS _event_time,
  d.traceparent AS _traceparent,
  d.pathway AS _pathway,
  d.ingested_at AS _ingested_at
FROM (
  SELECT
    origin AS airport,
    window(_event_time, '${windowMinutes} minutes') AS w,
    count(*) AS flights,
    count_if(delay_minutes >= 15) AS delayed,
    count_if(delay_minutes >= ${severeDelayMinutes}) AS severe,
    round(avg(delay_minutes), 2) AS mean_delay_minutes,
    max(delay_minutes) AS max_delay_minutes,
    max(_event_time) AS event_time,
    max_by(_traceparent, _event_time) AS traceparent,
    max_by(_pathway, _event_time) AS pathway,
    max(_ingested_at) AS ingested_at
  FROM flights
  GROUP BY origin, window(_event_time, '${windowMinutes} minutes')
) AS d
LEFT JOIN airports AS a ON a.iata = d.airport
