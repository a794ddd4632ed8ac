%% The operations on supervisors.
%%
%% OTP's own functions for them wait without limit, so their requests are sent to the supervisor as calls with a
%% timeout, by the process that asks: its signals to the supervisor arrive in the order in which it asked.
-module(lic_admin).

-export([start_supervisor/4, start_child/3, terminate_child/3, restart_child/3, delete_child/3, which_children/2,
         count_children/2, children/1]).

%% How long observe waits for supervisors that may be busy, and for those of a quiet world.
-define(BUSY_MS, 100).
-define(QUIET_MS, 10000).

%% The parent is the label of a probe, or `none'.
-spec start_supervisor(binary(), lic_spec:supervisor(), binary() | none, timeout()) -> lic_ops:answer().
start_supervisor(Label, Spec, none, Timeout) ->
    lic_sup:start_alone(Label, Spec, Timeout);
start_supervisor(Label, Spec, Parent, Timeout) ->
    lic_ops:with_kind(probe, Parent, fun(Pid) ->
        case lic_ops:ask(Pid, {start_supervisor, Label, Spec}, Timeout) of
            {reply, Answer} -> Answer;
            {dead, Reason} -> orphaned(lic_world:pid(Label), Reason);
            {fail, _} = Failure -> Failure
        end
    end).

%% A parent that does not trap exits dies of the failed start, perhaps before it has answered.
orphaned(Pid, Reason) ->
    case is_pid(Pid) andalso not is_process_alive(Pid) of
        true -> lic_sup:failed(Reason);
        false -> lic_reason:failure(<<"exit">>, Reason)
    end.

-spec start_child(binary(), supervisor:child_spec(), timeout()) -> lic_ops:answer().
start_child(Sup, Child, Timeout) ->
    request(Sup, {start_child, Child}, Timeout, fun
        ({error, already_present}) -> {fail, <<"already_present">>};
        ({error, {already_started, Pid}}) when is_pid(Pid) -> already_started(Pid);
        ({error, {Reason, Record}}) when element(1, Record) =:= child -> start_failed(Reason);
        ({error, _}) -> {fail, <<"bad_spec">>};
        (Started) -> started(Started)
    end).

-spec restart_child(binary(), binary(), timeout()) -> lic_ops:answer().
restart_child(Sup, Id, Timeout) ->
    request(Sup, {restart_child, Id}, Timeout, fun
        ({error, Refusal}) when Refusal =:= not_found; Refusal =:= running; Refusal =:= restarting -> refused(Refusal);
        ({error, Reason}) -> start_failed(Reason);
        (Started) -> started(Started)
    end).

-spec terminate_child(binary(), binary(), timeout()) -> lic_ops:answer().
terminate_child(Sup, Id, Timeout) ->
    request(Sup, {terminate_child, Id}, Timeout, fun done/1).

-spec delete_child(binary(), binary(), timeout()) -> lic_ops:answer().
delete_child(Sup, Id, Timeout) ->
    request(Sup, {delete_child, Id}, Timeout, fun done/1).

-spec which_children(binary(), timeout()) -> lic_ops:answer().
which_children(Sup, Timeout) ->
    request(Sup, which_children, Timeout, fun(List) -> {ok, rows(List)} end).

-spec count_children(binary(), timeout()) -> lic_ops:answer().
count_children(Sup, Timeout) ->
    request(Sup, count_children, Timeout, fun(Counts) -> {ok, counts(Counts)} end).

request(Sup, Request, Timeout, Interpret) ->
    lic_ops:with_kind(supervisor, Sup, fun(Pid) ->
        case lic_ops:ask(Pid, Request, Timeout) of
            {reply, Reply} -> Interpret(Reply);
            {dead, Reason} -> lic_reason:failure(<<"exit">>, Reason);
            {fail, _} = Failure -> Failure
        end
    end).

done(ok) -> {ok, null};
done({error, Refusal}) -> refused(Refusal).

refused(not_found) -> {fail, <<"not_found">>};
refused(running) -> {fail, <<"running">>};
refused(restarting) -> {fail, <<"restarting">>}.

started({ok, undefined}) -> {ok, null};
started({ok, Pid}) -> {ok, lic_world:label(Pid)}.

start_failed(Reason) -> lic_reason:failure(<<"start_failed">>, Reason).

%% The child itself, or (from OTP 26 on) a stranger that holds its name.
already_started(Pid) ->
    case lic_world:label(Pid) of
        null -> start_failed({already_started, Pid});
        Label -> {fail, <<"already_started">>, #{<<"child">> => Label}}
    end.

rows(List) -> [[Id, process(Pid), atom_to_binary(Type)] || {Id, Pid, Type, _} <- List].

process(restarting) -> <<"restarting">>;
process(undefined) -> null;
process(Pid) -> lic_world:label(Pid).

counts(Counts) -> maps:from_list([{atom_to_binary(What), Count} || {What, Count} <- Counts]).

%% The children of every supervisor that is alive, `null' for one that could not be asked in time.
-spec children(boolean()) -> #{binary() => lic_json:json()}.
children(Quiet) ->
    Wait = case Quiet of true -> ?QUIET_MS; false -> ?BUSY_MS end,
    Until = {abs, erlang:monotonic_time(millisecond) + Wait},
    Asked = [{lic_world:label(Pid), query(Pid)}
             || Pid <- lic_log:live(), lic_world:kind(Pid) =:= supervisor, is_process_alive(Pid)],
    maps:from_list([{Label, answered(Query, Until)} || {Label, Query} <- Asked]).

%% One that is suspended will not answer.
query(Pid) ->
    case process_info(Pid, current_function) of
        {current_function, {sys, _, _}} -> none;
        _ -> {gen_server:send_request(Pid, which_children), gen_server:send_request(Pid, count_children)}
    end.

answered(none, _) -> null;
answered({ListRequest, CountRequest}, Until) ->
    case {gen_server:receive_response(ListRequest, Until), gen_server:receive_response(CountRequest, Until)} of
        {{reply, List}, {reply, Counts}} -> #{<<"list">> => rows(List), <<"count">> => counts(Counts)};
        _ -> null
    end.
