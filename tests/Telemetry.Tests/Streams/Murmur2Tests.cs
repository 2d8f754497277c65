using System.Text;
using Telemetry.Streams.Partitioning;

namespace Telemetry.Tests.Streams;

public sealed class Murmur2Tests
{
    // From org.apache.kafka.common.utils.UtilsTest.testMurmur2.
    [Theory]
    [InlineData("21", -973932308)]
    [InlineData("foobar", -790332482)]
    [InlineData("a-little-bit-long-string", -985981536)]
    [InlineData("a-little-bit-longer-string", -1486304829)]
    [InlineData("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971)]
    [InlineData("abc", 479470107)]
    public void Hash_equals_kafkas(string key, int hash) => Murmur2.Hash(Encoding.UTF8.GetBytes(key)).ShouldBe(hash);

    [Fact]
    public void Partition_of_a_negative_hash_is_made_positive_by_masking_as_kafka_does() =>
        Murmur2.Partition("21"u8, 8).ShouldBe((-973932308 & int.MaxValue) % 8);
}
