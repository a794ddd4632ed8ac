%% Supervisors: the callback of OTP's own `supervisor', and how it and its children are started.
-module(lic_sup).

-behaviour(supervisor).

-export([start/2, start_alone/3, start_child/2, failed/1, init/1]).

%% Starts a supervisor that is linked to the calling process and has it as its parent.
-spec start(binary(), lic_spec:supervisor()) -> lic_ops:answer().
start(Label, Spec) ->
    case lic_world:claim(Label) of
        true -> started(start_link(Label, Spec));
        false -> lic_ops:taken(Label)
    end.

%% Starts a supervisor whose parent is no more: only a stop and a kill end it.
-spec start_alone(binary(), lic_spec:supervisor(), timeout()) -> lic_ops:answer().
start_alone(Label, Spec, Timeout) ->
    {Helper, Monitor} = spawn_monitor(fun() -> receive go -> bear(Label, Spec) end end),
    lic_world:enlist(Helper),
    case lic_world:claim(Label, Helper) of
        true ->
            Helper ! go,
            receive
                {'DOWN', Monitor, process, Helper, {?MODULE, Answer}} -> Answer
            after Timeout ->
                demonitor(Monitor, [flush]),
                {fail, <<"timeout">>}
            end;
        false ->
            exit(Helper, kill),
            receive {'DOWN', Monitor, process, Helper, _} -> lic_world:dismiss(Helper) end,
            lic_ops:taken(Label)
    end.

%% A supervisor heeds the end of the process that started it, unless they are not linked any more.
bear(Label, Spec) ->
    process_flag(trap_exit, true),
    Result = start_link(Label, Spec),
    case Result of
        {ok, Pid} -> unlink(Pid);
        _ -> ok
    end,
    lic_world:dismiss(self()),
    exit({?MODULE, started(Result)}).

started({ok, _}) -> {ok, <<"started">>};
started({error, {already_started, _}}) -> {fail, <<"already_registered">>};
started({error, Reason}) -> failed(Reason).

%% The answer about a supervisor that ended with this reason instead of starting.
-spec failed(term()) -> lic_ops:answer().
failed({supervisor_data, _}) -> {fail, <<"bad_spec">>};
failed({start_spec, _}) -> {fail, <<"bad_spec">>};
failed(Reason) -> lic_reason:failure(<<"start_failed">>, Reason).

%% The start function of every child; it runs in the supervisor.
-spec start_child(binary(), lic_spec:start()) -> supervisor:startchild_ret() | ignore.
start_child(Id, Start) ->
    N = lic_world:attempt(Id),
    Label = <<(lic_world:label(self()))/binary, "/", Id/binary, "#", (integer_to_binary(N))/binary>>,
    case lic_world:claim(Label) of
        true ->
            Result = start_attempt(N, Label, Start),
            is_tuple(Result) andalso element(1, Result) =:= ok orelse wait_gone(lic_world:pid(Label)),
            Result;
        false ->
            {error, Message} = lic_ops:taken(Label),
            lic_log:defect(Message),
            {error, {lic_error, Message}}
    end.

start_attempt(_, Label, {supervisor, Spec}) ->
    start_link(Label, Spec);
start_attempt(N, Label, {probe, #{init := Entries} = Probe}) ->
    Entry = lists:nth(min(N, length(Entries)), Entries),
    lic_ops:start_server(Label, Probe#{init := [Entry]}, link, infinity).

%% Up to OTP 25 a start fails a moment before the process is gone, and a supervisor that ends in this moment would give
%% it another reason to end.
wait_gone(undefined) -> ok;
wait_gone(Pid) ->
    Monitor = monitor(process, Pid),
    receive {'DOWN', Monitor, process, Pid, _} -> ok end.

start_link(Label, #{name := Name} = Spec) ->
    lic_ops:delivered(Label, case Name of
                                 none -> supervisor:start_link(?MODULE, {Label, Spec});
                                 _ -> supervisor:start_link({local, lic_world:name(Name)}, ?MODULE, {Label, Spec})
                             end).

init({Label, #{flags := Flags, children := Children}}) ->
    lic_world:bind(Label, supervisor),
    lic_log:join(Label),
    lic_world:born(Label),
    {ok, {Flags, Children}}.
