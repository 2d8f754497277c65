using NetArchTest.Rules;
using Telemetry.Operations.Audit;
using Telemetry.Query;

namespace Telemetry.Tests.Architecture;

/// <summary>Operations stand above the roles they work on and below the host; no role knows them.</summary>
public sealed class OperationsLayerTests
{
    [Fact]
    public void Operations_know_neither_host_nor_query_nor_broker() => Types.InAssembly(typeof(Auditor).Assembly)
        .ShouldNot()
        .HaveDependencyOnAny("Telemetry.Host", "Telemetry.Query", "Telemetry.Edge", "Telemetry.ClickHouseServer")
        .GetResult().IsSuccessful.ShouldBeTrue();

    [Fact]
    public void Of_the_simulator_operations_know_its_ledger_and_scoring_its_machines_only() => Types.InAssembly(typeof(Auditor).Assembly)
        .That().HaveDependencyOnAny("Telemetry.Simulator")
        .And().DoNotResideInNamespace("Telemetry.Operations.Scoring")
        .Should()
        .HaveDependencyOnAny("Telemetry.Simulator.Ledger")
        .GetResult().IsSuccessful.ShouldBeTrue();

    [Fact]
    public void Query_does_not_know_operations() => Types.InAssembly(typeof(QueryRole).Assembly)
        .ShouldNot()
        .HaveDependencyOnAny("Telemetry.Operations")
        .GetResult().IsSuccessful.ShouldBeTrue();

    [Fact]
    public void Audit_and_backtest_do_not_know_each_other() => Types.InAssembly(typeof(Auditor).Assembly)
        .That().ResideInNamespace("Telemetry.Operations.Audit")
        .ShouldNot()
        .HaveDependencyOnAny("Telemetry.Operations.Backtesting", "Telemetry.Operations.DeadLetters", "Telemetry.Operations.Reports")
        .GetResult().IsSuccessful.ShouldBeTrue();
}
