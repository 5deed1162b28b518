/** Reads a stream of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). Pure. */

export interface SseMessage {
  /** `message` where the stream names none. */
  readonly event: string;
  readonly data: string;
}

export interface SseParser {
  /** Takes the next piece, cut anywhere, and gives the messages that it ends. */
  push(piece: string): SseMessage[];
  /** Of the last message that had one: what the stream is resumed with. */
  readonly lastEventId: string;
}

export function createSseParser(lastEventId = ''): SseParser {
  let rest = '';
  let id = lastEventId;
  let event = '';
  let data: string[] = [];

  function takeLine(line: string, messages: SseMessage[]): void {
    if (line === '') {
      if (data.length > 0) messages.push({ event: event || 'message', data: data.join('\n') });
      event = '';
      data = [];
      return;
    }
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') data.push(value);
    if (field === 'event') event = value;
    if (field === 'id' && !value.includes('\0')) id = value;
  }

  return {
    push(piece) {
      const messages: SseMessage[] = [];
      // A carriage return at the very end may be half of a line end: it waits for the next piece.
      const text = rest + piece;
      const end = text.endsWith('\r') ? text.length - 1 : text.length;
      const lines = text.slice(0, end).split(/\r\n|\n|\r/);
      rest = lines.pop()! + text.slice(end);
      for (const line of lines) takeLine(line, messages);
      return messages;
    },
    get lastEventId() {
      return id;
    },
  };
}
