"""What the waiting list brought in, counted from `slot_figures`: one row for each slot that was opened to the list.

**What counts, and on which day.** Only slots that were opened to the list at least once. Everything about a slot counts
on the local day on which the slot begins, in the business's present zone: its offers, texts, receipts, opened links
and its booking, however much earlier or later they happened. So the steps of one slot stand side by side, and no rate
can pass 100 %. The hour and weekday are those of the start; on the day of an autumn change both hours of the repeated
hour are one.

- *slots*: opened to the list, whatever became of them. Each is exactly one of:
  *booked* (somebody of the list took it by a text's link, or took it from the other times that a link showed, and the
  booking stands: booked, completed or no-show), *otherwise* (given to somebody by hand, or to a client who moved their
  booking here), *unfilled* (nobody took it by its start), *cancelled* (cancelled or taken back by the business, booked
  before or not), *waiting* (open, held or pending: still to be decided).
- *fill rate*: booked / (booked + otherwise + unfilled). What the business cancelled and what is not decided yet says
  nothing about the list, so it is left out.
- *offered*: people whom a round asked, each round anew. *sent*: of them, whose text the provider took. *delivered*,
  *failed*: what the receipts say (`failed` is undelivered or refused). A text withdrawn before it left is neither. One
  text that offers several slots counts for each of them.
- *opened*: of the offered, who opened their link. A page only counts once its script ran or somebody held the slot; a
  scanner's or a preview's plain look does neither, so scanners are left out.
- *held*: of the offered, who held the slot at least once. *converted*: whose offer is the booking that stands.
- *conversion rate*: converted / sent, with two decimals.
- *minutes to fill*: the median, over booked slots, of the time from the opening of the round that was taken to the
  booking; where the business confirms bookings, to its answer. Counted in whole seconds.
- *revenue*, estimated: of booked slots that were not no-shows, the price at booking, else the slot's price, else the
  average value that the business has set now.

**What a later change does.** The figures always are a recount of the rows as they are now. A late receipt, a cancelled
or freed booking, a no-show, a price: the slot is counted again, on its day. A slot moved to another day takes all its
figures along, to its new day, hour and staff member. Freed and taken again, it counts once, by its last booking; offers
of all its rounds stay. Another time zone or average value of the business applies to all days at once, for rows hold
instants and known prices only. Only a row that is erased (a message after its retention) leaves the figures alone.

**How they stay true.** Triggers on slots, offers and messages mark the slot in `figures_due` within the transaction of
the change, so that no path can forget to. `counting` takes the marks and counts those slots afresh: when somebody
looks, each minute for everybody, and each night at 02:00 of the business for the last weeks, marked or not.
"""
