%% What both the driver and a probe do to processes and names, on the real functions of OTP.
%%
%% Everything here runs in the process that asks for it, so that the order of signals between two processes is
%% the order in which they were asked for.
-module(lic_ops).

-export([start/4, call/3, cast/2, send/2, signal/2, register_name/2, resolve/1, with/2]).
-export([answer_json/1]).

-export_type([answer/0]).

-type answer() :: {ok, lic_json:json()} | {fail, binary()} | {fail, binary(), lic_json:json()} | {error, binary()}.

%% What goes into the JSON object of an answer.
-spec answer_json(answer()) -> #{binary() => lic_json:json()}.
answer_json({ok, Value}) -> #{<<"ok">> => Value};
answer_json({fail, Kind}) -> #{<<"fail">> => #{<<"kind">> => Kind}};
answer_json({fail, Kind, Reason}) -> #{<<"fail">> => #{<<"kind">> => Kind, <<"reason">> => Reason}};
answer_json({error, Message}) -> #{<<"error">> => #{<<"message">> => Message}}.

%% The process of a label, or what OTP takes for a name; `undefined' for a label that is not bound.
-spec resolve(lic_parse:target()) -> pid() | atom().
resolve({label, Label}) -> lic_world:pid(Label);
resolve({name, Name}) -> lic_world:known_name(Name).

%% Does something with the process of a label, if there is one.
-spec with(binary(), fun((pid()) -> answer())) -> answer().
with(Label, Do) ->
    case lic_world:pid(Label) of
        undefined -> {fail, <<"noproc">>};
        Pid -> Do(Pid)
    end.

%% Starts a probe; the monitor, if one was asked for, is returned beside the answer.
-spec start(binary(), lic_parse:probe(), lic_parse:how(), timeout()) -> answer() | {answer(), {reference(), pid()}}.
start(Label, #{name := Name} = Spec, How, Timeout) ->
    Atom = case Name of
               none -> none;
               _ -> lic_world:name(Name)
           end,
    case lic_world:claim(Label) of
        false -> {error, <<"expected a label that is not bound yet, got '", Label/binary, "'">>};
        true -> started(Label, start_server(How, Atom, {Label, Spec}, [{timeout, Timeout}]))
    end.

start_server(plain, none, Arg, Options) -> gen_server:start(lic_probe, Arg, Options);
start_server(plain, Atom, Arg, Options) -> gen_server:start({local, Atom}, lic_probe, Arg, Options);
start_server(link, none, Arg, Options) -> gen_server:start_link(lic_probe, Arg, Options);
start_server(link, Atom, Arg, Options) -> gen_server:start_link({local, Atom}, lic_probe, Arg, Options);
start_server({monitor, _}, none, Arg, Options) -> gen_server:start_monitor(lic_probe, Arg, Options);
start_server({monitor, _}, Atom, Arg, Options) -> gen_server:start_monitor({local, Atom}, lic_probe, Arg, Options).

started(_, {ok, {Pid, Monitor}}) -> {{ok, <<"started">>}, {Monitor, Pid}};
started(_, {ok, _}) -> {ok, <<"started">>};
started(Label, {error, {already_started, _}}) ->
    lic_world:unclaim(Label),
    {fail, <<"already_registered">>};
started(Label, Refusal) ->
    lic_world:born(Label),
    case Refusal of
        ignore -> {ok, <<"ignored">>};
        {error, timeout} -> {fail, <<"timeout">>};
        {error, Reason} -> {fail, <<"start_failed">>, lic_reason:to_json(Reason)}
    end.

-spec call(lic_parse:target(), lic_parse:action(), timeout()) -> answer().
call(Target, Action, Timeout) ->
    case resolve(Target) of
        undefined -> {fail, <<"noproc">>};
        To ->
            try gen_server:call(To, {act, Action}, Timeout)
            catch
                exit:{noproc, {gen_server, call, _}} -> {fail, <<"noproc">>};
                exit:{timeout, {gen_server, call, _}} -> {fail, <<"timeout">>};
                exit:{Reason, {gen_server, call, _}} -> {fail, <<"exit">>, lic_reason:to_json(Reason)}
            end
    end.

-spec cast(lic_parse:target(), lic_parse:action()) -> answer().
cast(Target, Action) ->
    case resolve(Target) of
        undefined -> ok;
        To -> gen_server:cast(To, {act, Action})
    end,
    {ok, null}.

-spec send(lic_parse:target(), binary()) -> answer().
send(Target, Payload) ->
    case resolve(Target) of
        undefined -> {fail, <<"noproc">>};
        To ->
            try To ! {info, Payload} of
                _ -> {ok, null}
            catch
                error:badarg -> {fail, <<"noproc">>}
            end
    end.

-spec signal(binary(), term()) -> answer().
signal(Label, Reason) ->
    case lic_world:pid(Label) of
        undefined -> ok;
        Pid -> exit(Pid, Reason)
    end,
    {ok, null}.

%% OTP tells only that it refused, so the kind of refusal is looked up afterwards; if the cause is gone by then,
%% it tries once more.
-spec register_name(binary(), pid()) -> answer().
register_name(Name, Pid) ->
    Atom = lic_world:name(Name),
    try register(Atom, Pid) of
        true -> {ok, null}
    catch
        error:badarg ->
            case {whereis(Atom), process_info(Pid, registered_name)} of
                {Holder, _} when is_pid(Holder) -> {fail, <<"already_registered">>};
                {_, undefined} -> {fail, <<"noproc">>};
                {_, {registered_name, _}} -> {fail, <<"already_named">>};
                _ -> register_name(Name, Pid)
            end
    end.
