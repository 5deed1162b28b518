/** Events of the pipeline, one schema per topic. */
import { boolean, double, int, long, nullable, schema, string, timestamp } from '../../platform/sdk/fields.ts';

const flightFields = {
  date: string('Scheduled departure in local time, as the record gives it (2001/01/31 06:55)'),
  origin: string('IATA code of the airport of departure'),
  destination: string('IATA code of the airport of arrival'),
  delay_minutes: int('Minutes late at arrival; negative when early'),
  distance_miles: int('Distance between the airports, in miles'),
};

export const flight = schema('flight', flightFields);

export const severeDelay = schema('severe-delay', {
  ...flightFields,
  alert: boolean(
    'Whether the origin has the form of an airport code; marked verification events have not, and raise none',
  ),
});

export const airportDelays = schema('airport-delays', {
  airport: string('IATA code of the airport of departure'),
  airport_name: nullable(string('Name of the airport; null when the code is not known')),
  city: nullable(string()),
  window_start: timestamp('Begin of the window, inclusive'),
  window_end: timestamp('End of the window, exclusive'),
  flights: long('Flights in the window'),
  delayed: long('Those that were 15 minutes late or more'),
  severe: long('Those that were severely late'),
  mean_delay_minutes: double(),
  max_delay_minutes: int(),
  on_board: boolean('Whether the airport is a known one, and so is shown on the board'),
  version: long('Grows with each update of an airport: the start of the window, then the count of flights'),
});

/** Rows of airports.csv. */
export const airportFields = { iata: string(), name: string(), city: string(), state: string() };
