%% From JSON to the specifications of supervisors and children that OTP takes.
%%
%% What the protocol does not know is refused here, before anything is done. What it allows and OTP refuses (a negative
%% number of restarts, the same id twice) goes through, for it is OTP's answer that is asked for.
-module(lic_spec).

-export([supervisor/1, child/1]).

-export_type([supervisor/0, start/0]).

-define(LONGEST_MS, 4294967295).

-type supervisor() :: #{name := binary() | none, flags := supervisor:sup_flags() | dynamic_flags(),
                        children := [supervisor:child_spec()]}.
-type dynamic_flags() :: #{strategy := dynamic, intensity := integer(), period := number(),
                           max_children := integer() | infinity}.
-type start() :: {probe, lic_parse:probe()} | {supervisor, supervisor()}.

%% Throws `unsupported' for what the harness does not offer, here or further down.
-spec supervisor(lic_json:json()) -> supervisor().
supervisor(#{<<"strategy">> := <<"dynamic">>} = Spec) ->
    need(<<"dynamic_supervisor">>),
    lic_parse:only([<<"strategy">>, <<"max_restarts">>, <<"max_seconds">>, <<"max_children">>, <<"name">>],
                   "a dynamic supervisor", Spec),
    #{name => lic_parse:field(<<"name">>, Spec, fun name/1, none),
      flags => #{strategy => dynamic,
                 intensity => lic_parse:field(<<"max_restarts">>, Spec, fun lic_parse:integer/1),
                 period => lic_parse:field(<<"max_seconds">>, Spec, fun seconds/1),
                 max_children => lic_parse:field(<<"max_children">>, Spec, fun limit/1, infinity)},
      children => []};
supervisor(Spec) when is_map(Spec) ->
    lic_parse:only([<<"strategy">>, <<"max_restarts">>, <<"max_seconds">>, <<"children">>, <<"name">>,
                    <<"auto_shutdown">>], "a supervisor", Spec),
    #{name => lic_parse:field(<<"name">>, Spec, fun name/1, none),
      flags => #{strategy => lic_parse:field(<<"strategy">>, Spec, fun strategy/1),
                 intensity => lic_parse:field(<<"max_restarts">>, Spec, fun lic_parse:integer/1),
                 period => lic_parse:field(<<"max_seconds">>, Spec, fun seconds/1),
                 auto_shutdown => lic_parse:field(<<"auto_shutdown">>, Spec, fun auto_shutdown/1, never)},
      children => lic_parse:field(<<"children">>, Spec, fun children/1)};
supervisor(Other) ->
    lic_parse:bad("a supervisor, an object", Other).

-spec child(lic_json:json()) -> supervisor:child_spec().
child(Child) when is_map(Child) ->
    lic_parse:only([<<"id">>, <<"restart">>, <<"shutdown">>, <<"type">>, <<"start">>, <<"significant">>], "a child",
                   Child),
    Id = lic_parse:field(<<"id">>, Child, fun lic_parse:text/1),
    Start = lic_parse:field(<<"start">>, Child, fun start/1),
    #{id => Id,
      start => {lic_sup, start_child, [Id, Start]},
      restart => lic_parse:field(<<"restart">>, Child, fun restart/1),
      shutdown => lic_parse:field(<<"shutdown">>, Child, fun shutdown/1),
      type => lic_parse:field(<<"type">>, Child, fun type/1),
      significant => lic_parse:field(<<"significant">>, Child, fun significant/1, false),
      modules => [element(1, Start)]};
child(Other) ->
    lic_parse:bad("a child, an object", Other).

need(Feature) -> lic_hello:offers(Feature) orelse throw(unsupported).

children(Children) when is_list(Children) -> [child(Child) || Child <- Children];
children(Other) -> lic_parse:bad("a list of children", Other).

start(#{<<"supervisor">> := Spec} = Start) when map_size(Start) =:= 1 -> {supervisor, supervisor(Spec)};
start(Start) ->
    #{name := Name} = Probe = lic_parse:probe(Start),
    reserve(Name),
    {probe, Probe}.

name(null) -> none;
name(Name) when is_binary(Name) -> reserve(Name);
name(Other) -> lic_parse:bad("a name or null", Other).

%% Makes room for a name now: a supervisor that runs out of atoms in the middle of a restart could not tell.
reserve(none) -> none;
reserve(Name) ->
    lic_world:name(Name),
    Name.

strategy(<<"one_for_one">>) -> one_for_one;
strategy(<<"one_for_all">>) -> one_for_all;
strategy(<<"rest_for_one">>) -> rest_for_one;
strategy(Other) -> lic_parse:bad("\"one_for_one\", \"one_for_all\", \"rest_for_one\" or \"dynamic\"", Other).

seconds(Number) when is_number(Number) -> Number;
seconds(Other) -> lic_parse:bad("a number of seconds", Other).

auto_shutdown(<<"never">>) -> never;
auto_shutdown(<<"any_significant">>) ->
    need(<<"auto_shutdown">>),
    any_significant;
auto_shutdown(<<"all_significant">>) ->
    need(<<"auto_shutdown">>),
    all_significant;
auto_shutdown(Other) -> lic_parse:bad("\"never\", \"any_significant\" or \"all_significant\"", Other).

significant(true) -> need(<<"auto_shutdown">>);
significant(Other) -> lic_parse:flag(Other).

limit(null) -> infinity;
limit(Limit) -> lic_parse:integer(Limit).

restart(<<"permanent">>) -> permanent;
restart(<<"transient">>) -> transient;
restart(<<"temporary">>) -> temporary;
restart(Other) -> lic_parse:bad("\"permanent\", \"transient\" or \"temporary\"", Other).

shutdown(<<"brutal_kill">>) -> brutal_kill;
shutdown(<<"infinity">>) -> infinity;
shutdown(Ms) when is_integer(Ms), Ms =< ?LONGEST_MS -> Ms;
shutdown(Other) -> lic_parse:bad("\"brutal_kill\", \"infinity\" or at most 4294967295 milliseconds", Other).

type(<<"worker">>) -> worker;
type(<<"supervisor">>) -> supervisor;
type(Other) -> lic_parse:bad("\"worker\" or \"supervisor\"", Other).
