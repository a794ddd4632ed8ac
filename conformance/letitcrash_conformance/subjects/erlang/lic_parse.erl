%% From JSON to what the harness works with: actions, probes, targets. Everything is checked here, before anything
%% is done, so that a malformed request answers `error' and reaches no process.
-module(lic_parse).

-export([bad/2, field/3, field/4, only/3]).
-export([action/1, probe/1, target/1, text/1, flag/1, integer/1, milliseconds/1, positive/1]).

-export_type([action/0, probe/0, target/0, how/0, entry/0, farewell/0]).

-define(LONGEST_MS, 4294967295).

-type target() :: {label, binary()} | {name, binary()}.
-type how() :: plain | link | {monitor, binary()}.
-type entry() :: ok | ignore | {stop, term()} | {crash, binary()} | {sleep, non_neg_integer(), entry()}.
-type farewell() :: ok | hang | {sleep, non_neg_integer()} | {crash, binary()}.
-type probe() :: #{value := integer(), trap_exit := boolean(), name := binary() | none,
                   init := [entry(), ...], terminate := farewell()}.
-type action() :: get | noreply | links | tuple().

%% Refuses a request: expected such a thing, got that.
-spec bad(iodata(), term()) -> no_return().
bad(What, Got) ->
    Shown = try iolist_to_binary(lic_json:encode(Got)) catch _:_ -> lic_reason:format(Got) end,
    Short = case Shown of
                <<Start:200/binary, _/binary>> -> [unicode:characters_to_list(whole(Start)), "..."];
                _ -> Shown
            end,
    throw({bad, unicode:characters_to_binary(["expected ", What, ", got ", Short])}).

%% Drops half a character at the end.
whole(Bin) ->
    case unicode:characters_to_binary(Bin) of
        {_, Good, _} -> Good;
        Good -> Good
    end.

%% A field that has to be there, read with `Parse'.
-spec field(binary(), map(), fun((lic_json:json()) -> T)) -> T.
field(Key, Map, Parse) ->
    case Map of
        #{Key := Value} -> inside(Key, Value, Parse);
        #{} -> throw({bad, <<"expected the argument '", Key/binary, "', got none">>})
    end.

%% A field that may be missing.
-spec field(binary(), map(), fun((lic_json:json()) -> T), Default) -> T | Default.
field(Key, Map, Parse, Default) ->
    case Map of
        #{Key := Value} -> inside(Key, Value, Parse);
        #{} -> Default
    end.

%% Refuses an object with any other key.
-spec only([binary(), ...], string(), map()) -> ok.
only(Keys, What, Map) ->
    case maps:without(Keys, Map) of
        Rest when map_size(Rest) =:= 0 -> ok;
        Rest ->
            {Others, [Last]} = lists:split(length(Keys) - 1, Keys),
            bad([What, " with no key but ", lists:join(", ", Others), " and ", Last], Rest)
    end.

inside(Key, Value, Parse) ->
    try Parse(Value)
    catch throw:{bad, Message} -> throw({bad, <<Key/binary, ": ", Message/binary>>})
    end.

-spec text(lic_json:json()) -> binary().
text(Text) when is_binary(Text) -> Text;
text(Other) -> bad("a text", Other).

-spec flag(lic_json:json()) -> boolean().
flag(Flag) when is_boolean(Flag) -> Flag;
flag(Other) -> bad("true or false", Other).

-spec milliseconds(lic_json:json()) -> non_neg_integer().
milliseconds(Ms) when is_integer(Ms), Ms >= 0, Ms =< ?LONGEST_MS -> Ms;
milliseconds(Other) -> bad("a whole number of milliseconds between 0 and 4294967295", Other).

-spec positive(lic_json:json()) -> pos_integer().
positive(Ms) when is_integer(Ms), Ms >= 1, Ms =< ?LONGEST_MS -> Ms;
positive(Other) -> bad("a whole number of milliseconds between 1 and 4294967295", Other).

-spec target(lic_json:json()) -> target().
target(Label) when is_binary(Label) -> {label, Label};
target(#{<<"name">> := Name} = Target) when map_size(Target) =:= 1, is_binary(Name) -> {name, Name};
target(Other) -> bad("a label or {\"name\": text}", Other).

-spec integer(lic_json:json()) -> integer().
integer(N) when is_integer(N) -> N;
integer(Other) -> bad("an integer", Other).

-spec action(lic_json:json()) -> action().
action([<<"get">>]) -> get;
action([<<"noreply">>]) -> noreply;
action([<<"links">>]) -> links;
action([<<"add">>, N]) -> {add, integer(N)};
action([<<"sleep">>, Ms]) -> {sleep, milliseconds(Ms)};
action([<<"crash">>, Text]) -> {crash, text(Text)};
action([<<"stop">>, Reason]) -> {stop, lic_reason:parse(Reason)};
action([<<"call">>, To, Action, Ms]) -> {call, target(To), action(Action), milliseconds(Ms)};
action([<<"cast">>, To, Action]) -> {cast, target(To), action(Action)};
action([<<"send">>, To, Payload]) -> {send, target(To), text(Payload)};
action([<<"link">>, Label]) -> {link, text(Label)};
action([<<"unlink">>, Label]) -> {unlink, text(Label)};
action([<<"monitor">>, To, Ref]) -> {monitor, target(To), To, text(Ref)};
action([<<"demonitor">>, Ref, Flush]) -> {demonitor, text(Ref), flag(Flush)};
action([<<"trap_exit">>, Flag]) -> {trap_exit, flag(Flag)};
action([<<"exit">>, Label, Reason]) -> {exit, text(Label), lic_reason:parse(Reason)};
action([<<"register">>, Name]) -> {register, text(Name)};
action([<<"spawn">>, Label, Probe, How]) -> {spawn, text(Label), probe(Probe), how(How)};
action([<<"send_after">>, Ref, Ms, Payload]) -> {send_after, text(Ref), milliseconds(Ms), text(Payload)};
action([<<"send_interval">>, Ref, Ms, Payload]) -> {send_interval, text(Ref), positive(Ms), text(Payload)};
action([<<"cancel_timer">>, Ref]) -> {cancel_timer, text(Ref)};
action(Other) -> bad("an action of the protocol with its arguments", Other).

how(<<"plain">>) -> plain;
how(<<"link">>) -> link;
how(#{<<"monitor">> := Ref} = How) when map_size(How) =:= 1, is_binary(Ref) -> {monitor, Ref};
how(Other) -> bad("\"plain\", \"link\" or {\"monitor\": ref}", Other).

-spec probe(lic_json:json()) -> probe().
probe(Probe) when is_map(Probe) ->
    only([<<"value">>, <<"backend">>, <<"trap_exit">>, <<"name">>, <<"init">>, <<"terminate">>], "a probe", Probe),
    field(<<"backend">>, Probe, fun backend/1, process),
    #{value => field(<<"value">>, Probe, fun integer/1, 0),
      trap_exit => field(<<"trap_exit">>, Probe, fun flag/1, false),
      name => field(<<"name">>, Probe, fun text/1, none),
      init => field(<<"init">>, Probe, fun entries/1, [ok]),
      terminate => field(<<"terminate">>, Probe, fun farewell/1, ok)};
probe(Other) ->
    bad("a probe, an object", Other).

backend(<<"process">>) -> process;
backend(Other) -> bad("the backend \"process\"", Other).

entries([_ | _] = Entries) -> [entry(Entry) || Entry <- Entries];
entries(Other) -> bad("a list of what the start attempts do, not empty", Other).

entry(<<"ok">>) -> ok;
entry(<<"ignore">>) -> ignore;
entry(#{<<"stop">> := Reason} = Entry) when map_size(Entry) =:= 1 -> {stop, lic_reason:parse(Reason)};
entry(#{<<"crash">> := Text} = Entry) when map_size(Entry) =:= 1 -> {crash, text(Text)};
entry(#{<<"sleep">> := Ms, <<"then">> := Then} = Entry) when map_size(Entry) =:= 2 ->
    {sleep, milliseconds(Ms), entry(Then)};
entry(#{<<"sleep">> := Ms} = Entry) when map_size(Entry) =:= 1 -> {sleep, milliseconds(Ms), ok};
entry(Other) ->
    bad("\"ok\", \"ignore\", {\"stop\": reason}, {\"crash\": text} or {\"sleep\": ms, \"then\": ...}", Other).

farewell(<<"ok">>) -> ok;
farewell(<<"hang">>) -> hang;
farewell(#{<<"sleep">> := Ms} = How) when map_size(How) =:= 1 -> {sleep, milliseconds(Ms)};
farewell(#{<<"crash">> := Text} = How) when map_size(How) =:= 1 -> {crash, text(Text)};
farewell(Other) -> bad("\"ok\", \"hang\", {\"sleep\": ms} or {\"crash\": text}", Other).
