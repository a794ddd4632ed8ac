%% The probe: a real gen_server with an integer value that does what it is told.
-module(lic_probe).

-behaviour(gen_server).

-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2]).

%% watches: ref of the wire => monitor
%% monitors: monitor => {ref of the wire, target as the request gave it, whom it may be about}
%% timers: ref of the wire => {once | interval, timer of OTP}
-record(probe, {label, value, terminate, watches = #{}, monitors = #{}, timers = #{}}).

init({Label, #{value := Value, trap_exit := Trap, init := [Entry | _], terminate := Farewell}}) ->
    process_flag(trap_exit, true),
    lic_world:bind(Label, probe),
    lic_log:init(Label),
    lic_world:born(Label),
    Trap orelse stop_trapping(),
    enter(Entry, #probe{label = Label, value = Value, terminate = Farewell}).

%% Signals that came while the log made the acquaintance of this process take effect now.
stop_trapping() ->
    process_flag(trap_exit, false),
    heed_signals().

heed_signals() ->
    receive
        {'EXIT', _, normal} -> heed_signals();
        {'EXIT', _, Reason} -> exit(Reason)
    after 0 -> ok
    end.

enter(ok, State) -> {ok, State};
enter(ignore, _) -> ignore;
enter({stop, Reason}, _) -> {stop, Reason};
enter({crash, Text}, _) -> error({lic_crash, Text});
enter({sleep, Ms, Then}, State) ->
    timer:sleep(Ms),
    enter(Then, State).

handle_call({start_supervisor, Label, Spec}, _From, State) ->
    {reply, lic_sup:start(Label, Spec), State};
handle_call({act, Action}, _From, State) ->
    case perform(Action, State) of
        {stop, Reason, Answer, Next} -> {stop, Reason, Answer, Next};
        {noreply, Next} -> {noreply, Next};
        {Answer, Next} -> {reply, Answer, Next}
    end.

handle_cast({act, Action}, State) ->
    case perform(Action, State) of
        {stop, Reason, _, Next} -> {stop, Reason, Next};
        {noreply, Next} -> {noreply, Next};
        {{error, Message}, Next} ->
            lic_log:defect(Message),
            {noreply, Next};
        {_, Next} -> {noreply, Next}
    end.

handle_info({info, Payload}, State) ->
    informed(Payload, State);
handle_info({timer, Ref, Payload}, #probe{timers = Timers} = State) ->
    case Timers of
        #{Ref := {once, _}} -> lic_world:forget(Ref);
        #{Ref := {interval, _}} -> lic_world:tick(Ref);
        #{} -> ok
    end,
    informed(Payload, State);
handle_info({'DOWN', Monitor, process, _, Reason}, #probe{label = Label, monitors = Monitors} = State) ->
    case maps:take(Monitor, Monitors) of
        {{Ref, Of, Pid}, Others} ->
            lic_world:forget(Monitor),
            lic_log:caused(<<"down">>, #{<<"who">> => Label, <<"ref">> => Ref, <<"of">> => Of,
                                         <<"reason">> => lic_reason:to_json(Reason)}, Pid),
            {noreply, State#probe{monitors = Others}};
        error ->
            {noreply, State}
    end;
handle_info({'EXIT', From, Reason}, #probe{label = Label} = State) ->
    lic_log:caused(<<"exit">>, #{<<"who">> => Label, <<"of">> => lic_world:label(From),
                                 <<"reason">> => lic_reason:to_json(Reason)}, From),
    {noreply, State};
handle_info(_, State) ->
    %% Left over from a start that was given up after its timeout.
    {noreply, State}.

informed(Payload, #probe{label = Label} = State) ->
    lic_log:event(<<"info">>, #{<<"who">> => Label, <<"payload">> => Payload}),
    case Payload of
        <<"!crash">> -> error({lic_crash, <<"crash">>});
        <<"!stop">> -> {stop, normal, State};
        _ -> {noreply, State}
    end.

terminate(Reason, #probe{label = Label, terminate = Farewell}) ->
    lic_log:event(<<"terminate">>, #{<<"who">> => Label, <<"reason">> => lic_reason:to_json(Reason)}),
    case Farewell of
        ok -> ok;
        {sleep, Ms} -> timer:sleep(Ms);
        {crash, Text} -> error({lic_crash, Text});
        hang -> receive after infinity -> ok end
    end.

%% Does one action: the answer and the next state, or what else the callback is to return.
perform(Action, State) ->
    try act(Action, State)
    catch throw:{bad, Message} -> {{error, Message}, State}
    end.

act(get, #probe{value = Value} = State) ->
    {{ok, Value}, State};
act({add, N}, #probe{value = Value} = State) ->
    {{ok, Value + N}, State#probe{value = Value + N}};
act({sleep, Ms}, State) ->
    timer:sleep(Ms),
    {{ok, null}, State};
act(noreply, State) ->
    {noreply, State};
act({crash, Text}, _) ->
    error({lic_crash, Text});
act({stop, Reason}, State) ->
    {stop, Reason, {ok, <<"stopping">>}, State};
act({call, Target, Action, Timeout}, State) ->
    case lic_ops:call(Target, Action, Timeout) of
        {error, _} = Error -> {Error, State};
        Answer -> {{ok, lic_ops:answer_json(Answer)}, State}
    end;
act({cast, Target, Action}, State) ->
    {lic_ops:cast(Target, Action), State};
act({send, Target, Payload}, State) ->
    {lic_ops:send(Target, Payload), State};
act({link, Label}, State) ->
    {lic_ops:with(Label, fun(Pid) ->
                                 try link(Pid) of
                                     true -> {ok, null}
                                 catch
                                     %% A process that does not trap exits is told at once that the other is dead.
                                     error:noproc -> {fail, <<"noproc">>}
                                 end
                         end), State};
act({unlink, Label}, State) ->
    {lic_ops:with(Label, fun(Pid) -> unlink(Pid), {ok, null} end), State};
act({monitor, Target, Of, Ref}, State) ->
    case lic_ops:resolve(Target) of
        undefined -> {{fail, <<"noproc">>}, State};
        To -> monitor_as(Ref, Of, To, State)
    end;
act({demonitor, Ref, Flush}, #probe{watches = Watches, monitors = Monitors} = State) ->
    case Watches of
        #{Ref := Monitor} when Flush ->
            demonitor(Monitor, [flush]),
            lic_world:forget(Monitor),
            {{ok, null}, State#probe{monitors = maps:remove(Monitor, Monitors)}};
        #{Ref := Monitor} ->
            %% A message that is already in the mailbox stays there and will be logged.
            demonitor(Monitor),
            lic_world:forget(Monitor),
            {{ok, null}, State};
        #{} ->
            {{ok, null}, State}
    end;
act({trap_exit, Flag}, State) ->
    {{ok, process_flag(trap_exit, Flag)}, State};
act({exit, Label, Reason}, State) ->
    {lic_ops:signal(Label, Reason), State};
act({register, Name}, State) ->
    {lic_ops:register_name(Name, self()), State};
act({spawn, Label, Spec, How}, State) ->
    case How of
        {monitor, Ref} -> fresh(Ref, State);
        _ -> ok
    end,
    case lic_ops:start(Label, Spec, How, 5000) of
        {Answer, {Monitor, Pid}} ->
            {monitor, MonitorRef} = How,
            {Answer, watching(MonitorRef, Label, Monitor, Pid, State)};
        Answer -> {Answer, State}
    end;
act({send_after, Ref, Ms, Payload}, State) ->
    fresh(Ref, State),
    Timer = erlang:send_after(Ms, self(), {timer, Ref, Payload}),
    lic_world:remember(Ref, {timer, Timer}),
    {{ok, null}, timing(Ref, {once, Timer}, State)};
act({send_interval, Ref, Ms, Payload}, State) ->
    fresh(Ref, State),
    lic_world:remember(Ref, {interval, erlang:monotonic_time(millisecond), Ms, 0}),
    {ok, Timer} = timer:send_interval(Ms, {timer, Ref, Payload}),
    {{ok, null}, timing(Ref, {interval, Timer}, State)};
act({cancel_timer, Ref}, #probe{timers = Timers} = State) ->
    case Timers of
        #{Ref := {once, Timer}} ->
            Active = erlang:cancel_timer(Timer) =/= false,
            lic_world:forget(Ref),
            {{ok, Active}, State};
        #{Ref := {interval, Timer}} ->
            {ok, cancel} = timer:cancel(Timer),
            lic_world:forget(Ref),
            {{ok, true}, State#probe{timers = Timers#{Ref := over}}};
        #{} ->
            {{ok, false}, State}
    end;
act(links, State) ->
    {links, Links} = process_info(self(), links),
    {{ok, lists:sort([Label || Pid <- Links, is_pid(Pid), is_process_alive(Pid),
                               Label <- [lic_world:label(Pid)], is_binary(Label)])}, State}.

fresh(Ref, #probe{watches = Watches, timers = Timers}) ->
    case is_map_key(Ref, Watches) orelse is_map_key(Ref, Timers) of
        true -> throw({bad, <<"expected a reference that is not used yet, got '", Ref/binary, "'">>});
        false -> ok
    end.

timing(Ref, Timer, #probe{timers = Timers} = State) -> State#probe{timers = Timers#{Ref => Timer}}.

monitor_as(Ref, Of, Pid, State) when is_pid(Pid) ->
    fresh(Ref, State),
    {{ok, null}, watching(Ref, Of, monitor(process, Pid), Pid, State)};
monitor_as(Ref, Of, Name, State) ->
    fresh(Ref, State),
    Before = whereis(Name),
    Monitor = monitor(process, Name),
    case whereis(Name) of
        Before when is_pid(Before) ->
            %% Such a monitor does not show whom it watches, so it is noted where the settling looks.
            lic_world:remember(Monitor, {monitor, Before}),
            {{ok, null}, watching(Ref, Of, Monitor, Before, State)};
        _ ->
            {{ok, null}, watching(Ref, Of, Monitor, undefined, State)}
    end.

watching(Ref, Of, Monitor, Pid, #probe{watches = Watches, monitors = Monitors} = State) ->
    State#probe{watches = Watches#{Ref => Monitor}, monitors = Monitors#{Monitor => {Ref, Of, Pid}}}.
