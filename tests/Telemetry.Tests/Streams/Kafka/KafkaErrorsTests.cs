using Confluent.Kafka;
using Telemetry.Contracts.Faults;
using Telemetry.Streams;
using Telemetry.Streams.Kafka.Clients;

namespace Telemetry.Tests.Streams.Kafka;

public sealed class KafkaErrorsTests
{
    [Theory]
    [InlineData(ErrorCode.ProducerFenced)]
    [InlineData(ErrorCode.InvalidProducerEpoch)]
    [InlineData(ErrorCode.Local_Fenced)]
    [InlineData(ErrorCode.FencedInstanceId)]
    public void Fenced_means_that_another_has_our_name(ErrorCode code) => code.ToLogError().ShouldBe(RecordLogError.Fenced);

    [Theory]
    [InlineData(ErrorCode.TransactionalIdAuthorizationFailed)]
    [InlineData(ErrorCode.GroupAuthorizationFailed)]
    [InlineData(ErrorCode.TopicAuthorizationFailed)]
    [InlineData(ErrorCode.ClusterAuthorizationFailed)]
    [InlineData(ErrorCode.SaslAuthenticationFailed)]
    public void Missing_right_is_neither_a_fence_nor_an_outage(ErrorCode code)
    {
        var error = new Error(code).ToException("Could not open a transaction");

        error.Error.ShouldBe(RecordLogError.AccessDenied);
        error.IsTransient.ShouldBeFalse();
        error.Remedy.ShouldBe(FaultRemedy.Settings);
    }

    [Theory]
    [InlineData(ErrorCode.InvalidTransactionTimeout, "Kafka:TransactionTimeout")]
    [InlineData(ErrorCode.InvalidSessionTimeout, "Kafka:SessionTimeout")]
    [InlineData(ErrorCode.UnsupportedVersion, "Kafka:GroupProtocol")]
    public void Setting_the_cluster_refuses_is_named(ErrorCode code, string setting)
    {
        var error = new Error(code).ToException("Could not open a transaction");

        error.Error.ShouldBe(RecordLogError.Misconfigured);
        error.Message.ShouldContain(setting);
    }

    [Theory]
    [InlineData(ErrorCode.FencedMemberEpoch)]
    [InlineData(ErrorCode.UnknownMemberId)]
    [InlineData(ErrorCode.IllegalGeneration)]
    public void Member_that_the_group_has_given_up_has_lost_its_partitions_and_not_its_name(ErrorCode code) =>
        code.ToLogError().ShouldBe(RecordLogError.NotAssigned);

    [Theory]
    [InlineData(ErrorCode.TransactionCoordinatorFenced)]
    [InlineData(ErrorCode.FencedLeaderEpoch)]
    [InlineData(ErrorCode.StaleMemberEpoch)]
    [InlineData(ErrorCode.GroupCoordinatorNotAvailable)]
    [InlineData(ErrorCode.Local_Authentication)]
    public void Trouble_among_brokers_passes(ErrorCode code) =>
        new Error(code).ToException("?").IsTransient.ShouldBeTrue();

    [Fact]
    public void No_code_is_in_two_classes()
    {
        foreach (var code in Enum.GetValues<ErrorCode>())
        {
            new[] { code.IsRefusal(), code.IsMisconfiguration(), code.IsTransient() }.Count(static c => c).ShouldBeLessThan(2, $"{code}");
        }
    }
}
