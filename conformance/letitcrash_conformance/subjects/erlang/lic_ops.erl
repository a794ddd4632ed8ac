%% What both the driver and a probe do to processes and names, on the real functions of OTP.
%%
%% Everything here runs in the process that asks for it, so that the order of signals between two processes is
%% the order in which they were asked for.
-module(lic_ops).

-export([start/4, start_server/4, delivered/2, taken/1]).
-export([call/3, cast/2, send/2, stop/3, signal/2, register_name/2, resolve/1, with/2, with_kind/3, ask/3]).
-export([answer_json/1]).

-export_type([answer/0]).

%% A failure has a kind, and some kinds have further fields.
-type answer() :: {ok, lic_json:json()} | {fail, binary()} | {fail, binary(), #{binary() => lic_json:json()}}
                | {error, binary()}.

%% What goes into the JSON object of an answer.
-spec answer_json(answer()) -> #{binary() => lic_json:json()}.
answer_json({ok, Value}) -> #{<<"ok">> => Value};
answer_json({fail, Kind}) -> #{<<"fail">> => #{<<"kind">> => Kind}};
answer_json({fail, Kind, Fields}) -> #{<<"fail">> => Fields#{<<"kind">> => Kind}};
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
    Name =:= none orelse lic_world:name(Name),
    case lic_world:claim(Label) of
        false -> taken(Label);
        true ->
            case start_server(Label, Spec, How, Timeout) of
                {ok, {Pid, Monitor}} -> {{ok, <<"started">>}, {Monitor, Pid}};
                {ok, _} -> {ok, <<"started">>};
                ignore -> {ok, <<"ignored">>};
                {error, {already_started, _}} -> {fail, <<"already_registered">>};
                {error, timeout} -> {fail, <<"timeout">>};
                {error, Reason} -> lic_reason:failure(<<"start_failed">>, Reason)
            end
    end.

%% Starts a probe for a claimed label; the result is OTP's own.
-spec start_server(binary(), lic_parse:probe(), lic_parse:how(), timeout()) ->
          {ok, pid() | {pid(), reference()}} | ignore | {error, term()}.
start_server(Label, #{name := Name} = Spec, How, Timeout) ->
    Start = case How of
                plain -> start;
                link -> start_link;
                {monitor, _} -> start_monitor
            end,
    Args = [lic_probe, {Label, Spec}, [{timeout, Timeout}]],
    delivered(Label, case Name of
                         none -> apply(gen_server, Start, Args);
                         _ -> apply(gen_server, Start, [{local, lic_world:name(Name)} | Args])
                     end).

%% Ends the claim on a label, given what became of the start; returns that.
-spec delivered(binary(), Result) -> Result.
delivered(Label, {error, {already_started, _}} = Result) ->
    lic_world:unclaim(Label),
    Result;
delivered(Label, Result) ->
    lic_world:born(Label),
    Result.

%% Nobody is given a label that somebody has.
-spec taken(binary()) -> answer().
taken(Label) -> {error, <<"expected a label that is not bound yet, got '", Label/binary, "'">>}.

%% Does something with the process of a label that has to be of this kind, if there is one.
-spec with_kind(lic_world:kind(), binary(), fun((pid()) -> answer())) -> answer().
with_kind(Kind, Label, Do) ->
    with(Label, fun(Pid) ->
                        case lic_world:kind(Pid) of
                            Kind -> Do(Pid);
                            Other -> wrong_kind(Kind, Other, Label)
                        end
                end).

wrong_kind(Kind, Other, Label) ->
    {error, iolist_to_binary(io_lib:format("expected a ~s, got the ~s '~ts'", [Kind, Other, Label]))}.

%% Calls a server: its reply, or why there is none.
-spec ask(pid() | atom(), term(), timeout()) -> {reply, term()} | {dead, term()} | {fail, binary()}.
ask(To, Request, Timeout) ->
    try {reply, gen_server:call(To, Request, Timeout)}
    catch
        exit:{noproc, {gen_server, call, _}} -> {fail, <<"noproc">>};
        exit:{timeout, {gen_server, call, _}} -> {fail, <<"timeout">>};
        exit:{Reason, {gen_server, call, _}} -> {dead, Reason}
    end.

-spec call(lic_parse:target(), lic_parse:action(), timeout()) -> answer().
call(Target, Action, Timeout) ->
    case probe(Target) of
        undefined -> {fail, <<"noproc">>};
        {error, _} = Error -> Error;
        To ->
            case ask(To, {act, Action}, Timeout) of
                {reply, Answer} -> Answer;
                {dead, Reason} -> lic_reason:failure(<<"exit">>, Reason);
                {fail, _} = Failure -> Failure
            end
    end.

-spec cast(lic_parse:target(), lic_parse:action()) -> answer().
cast(Target, Action) ->
    case probe(Target) of
        undefined -> {ok, null};
        {error, _} = Error -> Error;
        To ->
            gen_server:cast(To, {act, Action}),
            {ok, null}
    end.

%% As resolve/1 for a target that is not a supervisor.
probe(Target) ->
    To = resolve(Target),
    Pid = case is_pid(To) of
              true -> To;
              false -> whereis(To)
          end,
    case lic_world:kind(Pid) of
        supervisor -> wrong_kind(probe, supervisor, lic_world:label(Pid));
        _ -> To
    end.

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

%% Ends a server; exits if that fails.
-spec stop(pid() | atom(), term(), timeout()) -> ok.
stop(To, Reason, Timeout) -> gen_server:stop(To, Reason, Timeout).

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
